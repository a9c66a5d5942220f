"""Files that people name on a command line, and what they pipe into it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError

STANDARD_INPUT = "-"


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file that can be read twice; a pipe is kept on the disk meanwhile."""
    if path == STANDARD_INPUT:
        with spooled(sys.stdin.buffer) as file:
            yield file
        return
    with Path(path).open("rb") as file:
        if file.seekable():
            yield file
        else:
            with spooled(file) as copy:
                yield copy


@contextmanager
def spooled(pipe: IO[bytes]) -> Iterator[IO[bytes]]:
    """Copy a pipe to a file that has no name, and is gone when it is closed."""
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(pipe, file)
        file.seek(0)
        yield file


def why_not(error: OSError) -> str:
    """Return a sentence for a file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return "No such file."
    if isinstance(error, IsADirectoryError):
        return "This is a directory; name the files in it."
    if isinstance(error, PermissionError):
        return "The file may not be read by this account."
    return f"The file cannot be read: {error.strerror or error}."


def refuse_twice(paths: Sequence[str]) -> None:
    """Refuse two names of one file."""
    known: dict[tuple[int, int] | str, str] = {}
    for path in paths:
        which = identity(path)
        if which in known:
            raise CommandError(
                f"{known[which]} and {path} are the same file.", returncode=2
            )
        known[which] = path


def identity(path: str) -> tuple[int, int] | str:
    """Return what two names of one file have in common."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return path
    return found.st_dev, found.st_ino


def first_line(path: str) -> bytes:
    """Return the first line of a file without its end, such as a password."""
    try:
        with Path(path).open("rb") as file:
            return file.readline(1 << 16).rstrip(b"\r\n")
    except OSError as error:
        raise CommandError(f"{path}: {why_not(error)}", returncode=2) from None
