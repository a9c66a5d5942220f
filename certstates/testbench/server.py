"""A test bench for somebody's test suite: started and stopped, or one that runs.

Standard library only, and nothing of Django: the suite's environment has none of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess  # nosec B404 # the calls are looked at
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[2]
# The rest of a suite's environment is about the suite: its settings and its database.
PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TMPDIR|TEMP|SYSTEMROOT|VIRTUAL_ENV"
    r"|PIP_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(https?|no)_proxy",
    re.IGNORECASE,
)
ATTEMPTS = 5  # at a port that nobody else takes meanwhile
PATIENCE = 300  # seconds; the first start of a checkout installs its packages
GRACE = 60  # seconds to stop


class TestBenchError(Exception):
    """The test bench did not do what it was asked; the text says why."""

    __test__ = False


@dataclass(frozen=True)
class TestBench:
    """A running server and a token that may write there.

    ``base_url`` has no slash at its end; Graph's SDKs want ``graph_url``.
    """

    __test__ = False

    base_url: str
    token: str

    @property
    def graph_url(self) -> str:
        return f"{self.base_url}/beta"

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that a request needs to be let in."""
        return {"Authorization": f"Bearer {self.token}"}

    def reset(self, fixture: str = "sample", *, now: str | None = None) -> None:
        """Replace all records by those of a fixture, told at ``now`` (ISO 8601)."""
        told = {"fixture": fixture, **({"now": now} if now else {})}
        self.send("POST", "/testbench/reset", told)

    def snapshot(self, name: str | None = None) -> str:
        """Keep all records; return the name by which ``restore`` brings them back."""
        told = {"name": name} if name else {}
        answer = self.send("POST", "/testbench/snapshots", told)
        return str(answer["name"])

    def restore(self, name: str) -> None:
        self.send("POST", "/testbench/restore", {"name": name})

    def forget(self, name: str) -> None:
        """Delete a snapshot."""
        self.send("DELETE", f"/testbench/snapshots/{urllib.parse.quote(name)}")

    def fault(self, fault: str, **rule: Any) -> None:
        """Add a rule, such as ``fault("429; retry-after=1", method="GET", next=2)``."""
        self.send("POST", "/testbench/faults", {"fault": fault, **rule})

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules, with how many requests each has ``seen`` and befallen."""
        found: list[dict[str, Any]] = self.send("GET", "/testbench/faults")["faults"]
        return found

    def clear_faults(self) -> None:
        self.send("DELETE", "/testbench/faults")

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON and return JSON, or raise TestBenchError with what was refused."""
        request = urllib.request.Request(  # noqa: S310 -- the address of the bench
            f"{self.base_url}{path}",
            None if body is None else json.dumps(body).encode(),
            {**self.headers, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 # nosec B310 # its own http address
                text = response.read()
        except urllib.error.HTTPError as refused:
            with refused:
                words = refused.read().decode(errors="replace")
            raise TestBenchError(f"{method} {path}: {refused.code} {words}") from None
        return json.loads(text) if text else None


@contextlib.contextmanager
def started() -> Iterator[TestBench]:
    """Run a server of one's own, with a database that is deleted at the end.

    Raises TestBenchError with all that the server said if it does not come up.
    """
    if not (CHECKOUT / "manage.py").exists():
        raise TestBenchError(
            "There is no certstates here to start: install the plugin from a checkout "
            "with pip install -e, or set CERTSTATES_URL and CERTSTATES_TOKEN."
        )
    with tempfile.TemporaryDirectory(
        prefix="certstates-", ignore_cleanup_errors=True
    ) as directory:
        process, words = _up(Path(directory))
        try:
            yield TestBench(
                base_url=_said(r"certstates is at (\S+)/ ", words),
                token=_said(r"bearer token +(\S+)", words),
            )
        finally:
            _stop(process)


def _up(directory: Path) -> tuple[subprocess.Popen[str], str]:
    for _ in range(ATTEMPTS):
        process = _start(directory, _free_port())
        words = _listen(process)
        if words.endswith("are kept.\n"):
            return process, words
        _stop(process)
        if "is taken" not in words:
            break
    raise TestBenchError(f"The test bench did not start:\n{words}")


def _start(directory: Path, port: int) -> subprocess.Popen[str]:
    environment: Mapping[str, str] = {
        **{n: value for n, value in os.environ.items() if PASSED_ON.fullmatch(n)},
        "DATA_DIR": str(directory),
        "DEBUG": "on",
    }
    up = ("up", "--testbench", "--with-parent", "--port", str(port))
    return subprocess.Popen(  # noqa: S603 # nosec B603 # a list of this file's
        [sys.executable, str(CHECKOUT / "manage.py"), *up],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # a Ctrl-C is the suite's; it ends the server itself
    )


def _listen(process: subprocess.Popen[str]) -> str:
    """Return all that is said until the server serves, or ends."""
    out = process.stdout
    if out is None:  # it has been told to be a pipe
        return ""
    alarm = threading.Timer(PATIENCE, process.terminate)
    alarm.start()
    words = ""
    for line in out:
        words += line
        if line.startswith("Ctrl-C"):
            # It goes on talking, and must not have to wait for somebody who listens.
            threading.Thread(target=_drain, args=(out,), daemon=True).start()
            break
    else:
        out.close()
    alarm.cancel()
    return words


def _drain(out: IO[str]) -> None:
    with out:
        for _ in out:
            pass


def _said(pattern: str, words: str) -> str:
    found = re.search(pattern, words)
    if found is None:
        raise TestBenchError(f"The test bench says something else than usual:\n{words}")
    return found[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
