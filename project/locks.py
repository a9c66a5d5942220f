"""Locks between processes, on files that may belong to another account."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def open_lock(path: Path) -> IO[str]:
    """Open a lock file, made where needed; for a lock, being able to read will do."""
    with contextlib.suppress(PermissionError):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return path.open()


def is_alone(lock: IO[str]) -> bool:
    """Say whether no other process holds the lock, and take it if so."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait until no other process is inside a block with the same path."""
    with open_lock(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
