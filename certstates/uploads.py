"""Uploaded files that wait, on this machine, until their user confirms the import.

They lie in a directory that only the server's account can enter, under names that it
makes itself. What the browser gets is a signed ticket, good for one user and one hour;
every worker process reads it alike.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile

LIFETIME = 60 * 60  # seconds
SALT = "certstates.uploads"
LONGEST_NAME = 100


class Gone(Exception):
    """No file waits under this ticket for this user, or not any more."""


@dataclass(frozen=True)
class Waiting:
    """A file that waits, and what its user called it."""

    user: str
    token: str
    name: str

    @classmethod
    def keep(cls, upload: UploadedFile[bytes], *, user: Any) -> Self:
        kept = cls(str(user.pk), secrets.token_hex(16), shortened(upload.name or ""))
        sweep()
        # O_EXCL with mkstemp's mode: nobody else could have made the file, or reads it.
        descriptor = os.open(kept.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        return kept

    @classmethod
    def of(cls, ticket: str, *, user: Any) -> Self:
        """Return what a ticket stands for; raise Gone for anybody else's."""
        try:
            found = cls(*signing.loads(ticket, salt=SALT, max_age=LIFETIME))
        except signing.BadSignature:
            raise Gone from None
        if found.user != str(user.pk):
            raise Gone
        return found

    @property
    def ticket(self) -> str:
        return signing.dumps([self.user, self.token, self.name], salt=SALT)

    @property
    def path(self) -> Path:
        return directory() / self.token

    def open(self) -> IO[bytes]:
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise Gone from None

    @contextmanager
    def taken(self) -> Iterator[IO[bytes]]:
        """Open the file for one request only, and remove it; put it back on a failure.

        A confirmation that is sent twice, by a double click, must not import twice.
        """
        mine = self.path.with_suffix(".taken")
        try:
            self.path.rename(mine)
        except FileNotFoundError:
            raise Gone from None
        try:
            with mine.open("rb") as file:
                yield file
        except BaseException:
            mine.rename(self.path)
            raise
        mine.unlink()

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def shortened(name: str) -> str:
    """Return a name to show; nothing is ever found by it."""
    printable = "".join(c if c.isprintable() else "?" for c in name)
    return printable[-LONGEST_NAME:] or "file"


def directory() -> Path:
    """Return the directory, made at first need; raise PermissionError if it is open.

    Anybody can make a directory of this name in a shared one, and would read along.
    """
    top = settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir()
    path = Path(top, f"certstates-imports-{os.getuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{path} is open to others: remove it.")
    return path


def sweep() -> None:
    """Remove what nobody came back for, and others do not remove just now."""
    for path in directory().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < time.time() - LIFETIME:
                path.unlink()
