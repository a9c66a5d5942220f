"""Where the workers of one server count, so that each of them can add up all.

A worker has a slot: files of its own, which only it writes. When it dies, the next one
goes on with them; so counts never fall, and there are never more files than workers at
once. What a server that has ended left behind is removed by the next.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from prometheus_client.mmap_dict import MmapedDict

from project import locks

KINDS = ("counter", "histogram")
# Written whole when it is made: a file with holes kills its writer on a full disk.
SIZE = 1024 * 1024
NAME = "certstates-server-"


@dataclass(frozen=True)
class Slot:
    """A number that no other living worker of this server has.

    The kernel gives back both locks when the process ends, however it ends.
    """

    process: int
    number: int
    directory: Path
    directory_lock: int
    lock: IO[str]


def base() -> Path:
    """Return the directory for all servers of this account; it is private."""
    if settings.METRICS_DIR:
        path = Path(settings.METRICS_DIR)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
    path = Path(tempfile.gettempdir(), f"certstates-metrics-{os.geteuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} belongs to somebody else: set METRICS_DIR.")
    return path


def server() -> str:
    """Return what the workers of this server have in common, and no other server.

    Where a directory is set, all who have it set are one server.
    """
    if settings.METRICS_DIR:
        return "shared"
    parent = multiprocessing.parent_process()
    return str(parent.pid if parent else os.getpid())


def take() -> Slot:
    """Take the lowest slot that is free; it is kept until this process ends."""
    top = base()
    with locks.exclusive(top / "lock"):
        for path in top.glob(f"{NAME}*"):
            clear_if_unused(path)
        directory = top / f"{NAME}{server()}"
        directory.mkdir(mode=0o700, exist_ok=True)
        directory_lock = os.open(directory, os.O_RDONLY)
        fcntl.flock(directory_lock, fcntl.LOCK_SH)
        number, lock = first_free(directory)
        for kind in KINDS:
            prepare(directory / f"{kind}_{number}.db")
    # Where the library opens its files; it knows no other way to be told.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    return Slot(os.getpid(), number, directory, directory_lock, lock)


def clear_if_unused(directory: Path) -> None:
    """Delete what nobody counts in any more: those workers have ended, all of them."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        for pattern in ("*.slot", "*.db"):
            for path in directory.glob(pattern):
                path.unlink()
        directory.rmdir()
    finally:
        os.close(opened)


def first_free(directory: Path) -> tuple[int, IO[str]]:
    number = 0
    while True:
        lock = locks.open_lock(directory / f"{number}.slot")
        if locks.is_alone(lock):
            return number, lock
        lock.close()
        number += 1


def prepare(path: Path) -> None:
    """Have a file to count in: an earlier worker's if it can be read, or a new one."""
    if path.exists() and is_readable(path):
        return
    path.write_bytes(bytes(SIZE))


def is_readable(path: Path) -> bool:
    """Say whether it begins with how much of it is used, and that much can be read."""
    with path.open("rb") as file:
        used = int.from_bytes(file.read(4), sys.byteorder, signed=True)
    if not 0 <= used <= path.stat().st_size:
        return False
    # nosemgrep: python-silent -- the file is begun anew
    try:
        [*MmapedDict.read_all_values_from_file(str(path))]  # type: ignore[no-untyped-call]
    except Exception:  # whatever a torn file makes of its reader
        return False
    return True


class OwnSlot:
    """The slot of this process, taken at first need, and anew after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slot: Slot | None = None

    def slot(self) -> Slot:
        """Return the slot; raises OSError where there is no place for one."""
        process = os.getpid()
        slot = self._slot
        if slot is None or slot.process != process:
            with self._lock:
                slot = self._slot
                if slot is None or slot.process != process:
                    slot = self._slot = take()
        return slot

    def number(self) -> int:
        return self.slot().number


own = OwnSlot()
