"""A newcomer's desk: a copy of the project in a directory of its own, and ``up``."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from project.unprivileged import account_for

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".data", ".venv", "node_modules", ".*_cache", "__pycache__"
)


def somebody_else():
    """Return the account ``nobody``, or skip the test where it cannot be used."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    nobody = account_for(Path("/nowhere"), checkout=Path("/"))
    for place in (settings.BASE_DIR, sys.prefix, sys.base_prefix):
        if not nobody.may_enter(Path(place)):
            pytest.skip(f"{place} is closed to the account nobody")
    return nobody


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url, *, context=None, **headers):
    """Return status and body of a GET; ``context`` is what to trust with https."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Desk:
    """One copy; it shares this environment's packages, and nothing else.

    Commands run with an empty environment but for a locale that no machine has, and
    what ``environment`` adds.
    """

    def __init__(self, top, *, account=None, environment=()):
        self.path = top / "a clone of certstates"
        shutil.copytree(settings.BASE_DIR, self.path, ignore=NOT_COPIED)
        (self.path / ".venv").symlink_to(sys.prefix)
        self.account = account
        self.environment = {"LANG": "de_DE.UTF-8", **dict(environment)}
        if account:
            for path in (self.path, *self.path.rglob("*")):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *arguments, **options):
        options = {"stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen(
            [Path(sys.prefix, "bin", "python"), "manage.py", *arguments],
            cwd=self.path,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **(self.account.process_options if self.account else {}),
            **options,
        )

    def run(self, *arguments, feed=""):
        """Run a command to its end; return exit code, output and errors."""
        with self.start(*arguments, stdin=subprocess.PIPE) as process:
            out, err = process.communicate(feed, timeout=60)
        return process.returncode, out, err

    @contextlib.contextmanager
    def up(self, *options, stop=signal.SIGTERM):
        """Run ``up`` until it serves, and end it by a signal."""
        with self.start("up", "--port", str(self.port), *options) as process:
            serving = None
            try:
                serving = Serving(process)
                yield serving
            finally:
                process.send_signal(stop)
                _, errors = process.communicate(timeout=60)
                if serving:
                    serving.errors = errors

    def server_processes(self):
        """Return the command lines of this desk's PostgreSQL and ``up``."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (
                    (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
                )
                cwd = (entry / "cwd").readlink()
                ours = str(self.path) in line or cwd == self.path
                if ours and re.search(r"postgres -D|manage\.py up", line):
                    found.append(line)
        return found

    def wait_until_nothing_runs(self, but=0):
        deadline = time.monotonic() + 10
        while len(self.server_processes()) > but and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(self.server_processes()) == but, self.server_processes()


@contextlib.contextmanager
def desk_of_ones_own(*, account=None):
    """Yield a desk in a directory that everybody may enter; leave nothing running."""
    with tempfile.TemporaryDirectory(prefix="certstates-desk-", dir="/tmp") as top:
        Path(top).chmod(0o755)
        desk = Desk(Path(top), account=account)
        yield desk
        desk.wait_until_nothing_runs()


class Serving:
    """An ``up`` that answers; ``words`` is all that it has said so far."""

    def __init__(self, process):
        self.process = process
        self.words = ""
        self.errors = ""  # what it has logged, once it has ended
        while "Ctrl-C" not in self.words:
            line = process.stdout.readline()
            assert line, self.words + process.stderr.read()
            self.words += line

    def said(self, pattern):
        return re.search(pattern, self.words)[1]

    @property
    def url(self):
        return self.said(r"certstates is at (\S+)/ ")

    @property
    def token(self):
        return self.said(r"bearer token +(\S+)")

    @property
    def authority(self):
        """Return the file of the certificate authority that clients must trust."""
        return Path(self.said(r"certificate authority in (.+)"))
