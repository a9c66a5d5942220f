"""Which account runs PostgreSQL, and what that account can reach.

PostgreSQL refuses to run as root. When root calls, its server runs as the owner of the
checkout or, if that is root too, as ``nobody``. Where that account cannot reach the
checkout (below ``/root``, say), data and a copy of the binaries live under
``/var/lib/certstates``: no existing directory is opened to anybody.
"""

import contextlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_HOME = Path("/var/lib/certstates")


@dataclass(frozen=True)
class Account:
    """An account of the operating system that a child process can run as."""

    uid: int
    gid: int

    def may_enter(self, directory: Path) -> bool:
        """Say whether the mode bits let this account pass through to ``directory``."""
        return all(self._may_search(d.stat()) for d in (directory, *directory.parents))

    def _may_search(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        if found.st_gid == self.gid:
            return bool(found.st_mode & 0o010)
        return bool(found.st_mode & 0o001)

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    @property
    def process_options(self) -> dict[str, Any]:
        """Return the arguments with which ``subprocess`` starts a child as this one."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data_dir: Path, *, checkout: Path) -> Account:
    """Return the account for a server on ``data_dir``: its owner, if it has one yet."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data_dir.exists():
        found = data_dir.stat()
        return Account(found.st_uid, found.st_gid)
    owner = pwd.getpwnam("nobody")
    with contextlib.suppress(KeyError):  # initdb wants an account that has a name
        owner = pwd.getpwuid(checkout.stat().st_uid or owner.pw_uid)
    return Account(owner.pw_uid, owner.pw_gid)


def system_directory(name: str) -> Path:
    """Return ``/var/lib/certstates/<name>``, made where needed, passable for all."""
    path = SYSTEM_HOME / name
    for directory in (SYSTEM_HOME, path):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
    return path


def readable_copy(source: Path, *, target: Path) -> None:
    """Copy a tree and make the copy readable for all, whatever the caller's umask."""
    if target.exists():
        return
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(source, new)
    for path in (new, *new.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
    new.rename(target)
