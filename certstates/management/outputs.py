"""Where commands write bytes: a file that is there when it is whole, or a pipe."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeVar

from django.core.management.base import CommandError, OutputWrapper

# One of bytes, or the one that Django gives a command for texts.
Output = TypeVar("Output", IO[bytes], OutputWrapper)
PIPE_CLOSED = 128 + 13  # as a shell counts what SIGPIPE ended


@contextlib.contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Yield a file that nobody else can read, and give it its name when it is whole.

    Whatever goes wrong before leaves nothing behind, and an older file as it was.
    """
    target = path.resolve()
    refuse_existing(target, force=force)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".export-")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(handle)
        refuse_existing(target, force=force)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def refuse_existing(target: Path, *, force: bool) -> None:
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise CommandError(f"{target} exists, and is no file.")
    if not force:
        raise CommandError(f"{target} exists; --force replaces it.")


@contextlib.contextmanager
def pipe(stdout: Output) -> Iterator[Output]:
    """Yield standard output; end quietly when nobody reads it any more."""
    try:
        yield stdout
        stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at the end, and would complain there.
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), stdout.fileno())
        sys.exit(PIPE_CLOSED)
