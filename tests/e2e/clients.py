"""Real clients as child processes: where they are installed, and how they are run.

An environment of their own keeps their packages, and their warnings, out of ours.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

HERE = Path(__file__).parent
SDK = settings.BASE_DIR / ".data" / "sdk"
PYTHON = SDK / "python" / "bin" / "python"
RECIPES = settings.BASE_DIR / "docs" / "clients.md"


def recipe(language, *, below="# Clients"):
    """Return the block of docs/clients.md that is a whole program in ``language``."""
    _, heading, text = RECIPES.read_text(encoding="utf-8").partition(f"{below}\n")
    assert heading, below
    if below != "# Clients":
        text = text.partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return max(found, key=len)


def program(name):
    return (HERE / name).read_text(encoding="utf-8")


def missing(what, cure):
    """Skip on a desk; in CI every client must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed: {cure}")
    pytest.skip(f"{what} is not installed: {cure}")


def need_sdk(installed, *, wanted):
    """Go on if the installer has put in what ``wanted`` says today."""
    done = SDK / wanted
    if (
        not installed.exists()
        or not done.exists()
        or done.read_text() != program(wanted)
    ):
        missing(f"what tests/e2e/{wanted} names", "run tests/e2e/install")


def need_program(name):
    if not shutil.which(name):
        missing(name, f"on Debian, apt-get install {name}")


@dataclass(frozen=True)
class Served:
    """What a client needs to know of an ``up``; ``authority`` is for https.

    ``lenient_url`` is a server of the same records with CREATE_REQUIRES=metadata, and
    ``application`` what create_application said.
    """

    url: str
    token: str
    authority: Path | None = None
    lenient_url: str = ""
    application: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self):
        """Return the whole environment of a client; nothing else reaches it."""
        trust = (
            "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
            "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE",
        )  # fmt: skip
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "CERTSTATES_URL": self.url,
            "CERTSTATES_TOKEN": self.token,
            "CERTSTATES_CLIENT_ID": self.application.get("client_id", ""),
            "CERTSTATES_CLIENT_SECRET": self.application.get("client_secret", ""),
            "LENIENT_URL": self.lenient_url,
            **(dict.fromkeys(trust, str(self.authority)) if self.authority else {}),
        }

    def run(self, *command, feed):
        """Let a client do the program ``feed``; return exit code, output and errors."""
        done = subprocess.run(
            command,
            input=feed,
            cwd=SDK if SDK.exists() else HERE,  # where Node finds its packages
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def run_python(self, feed):
        need_sdk(PYTHON, wanted="requirements.lock")
        return self.run(PYTHON, "-", feed=feed)

    def run_javascript(self, feed):
        need_program("node")
        need_sdk(SDK / "node_modules", wanted="package-lock.json")
        return self.run("node", "--input-type=module", "-", feed=feed)

    def run_shell(self, feed):
        need_program("curl")
        need_program("jq")
        return self.run("sh", "-eu", feed=feed)
