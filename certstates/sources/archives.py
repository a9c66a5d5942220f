"""ZIP archives of one file, and gzip: unpacked to the disk, no further than allowed.

What an archive says of itself is not believed: sizes and ratio are those of what was
unpacked, and names are shown to people, but are no path of anything.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tempfile
import zipfile
import zlib
from typing import IO, cast

from django.conf import settings

from certstates.sources.rows import FileRefused, printable

READ = 1 << 16
# The directory of an archive is read in one piece; one with a single file is small.
MOST_DIRECTORY = 1 << 20
MOST_LISTED = 5
ENCRYPTED = 1  # a flag of a member
# Tables pack to a fifth or a tenth, and bombs to a thousandth.
MOST_RATIO = 250
INNOCENT = 16 * 1024 * 1024  # bytes that may be unpacked whatever the ratio
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
OF_MACOS = "__MACOSX/"  # where macOS puts what only it understands
BROKEN = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    RuntimeError,
    UnicodeDecodeError,
)


class Measured(io.RawIOBase):
    """A file of somebody else's, of which nobody gets a large piece at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def read(self, size: int = -1) -> bytes:
        if size > MOST_DIRECTORY:
            raise FileRefused(
                f"The directory of the ZIP archive has {size:,} bytes; "
                f"{MOST_DIRECTORY:,} are allowed."
            )
        return self.file.read(size if size >= 0 else MOST_DIRECTORY)


def archive_of(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(cast("IO[bytes]", Measured(file)))
    except BROKEN:
        raise FileRefused(
            "The file begins like a workbook or a ZIP archive, but is damaged or not "
            "whole. Send it again."
        ) from None


def directory_of(file: IO[bytes]) -> list[zipfile.ZipInfo]:
    """Return what a ZIP archive says that it has."""
    return archive_of(file).infolist()


def unzipped(file: IO[bytes], most_bytes: int) -> IO[bytes]:
    """Return the only file of an archive, as one that is gone when it is closed."""
    archive = archive_of(file)
    member = only_member(archive.infolist())
    try:
        with archive.open(member) as packed:
            found = on_disk(packed, packed_size=size_of(file), most_bytes=most_bytes)
    except BROKEN as broken:
        raise FileRefused(f"The ZIP archive is damaged: {said(broken)}") from None
    if found.tell() != member.file_size:
        found.close()
        raise FileRefused("The ZIP archive is damaged: a size in it is wrong.")
    return found


def only_member(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    files = [m for m in members if not m.filename.endswith("/")]
    files = [m for m in files if not m.filename.startswith(OF_MACOS)]
    if not files:
        raise FileRefused("The ZIP archive has no file in it.")
    if len(files) > 1:
        listed = ", ".join(printable(member.filename) for member in files[:MOST_LISTED])
        more = ", …" if len(files) > MOST_LISTED else ""
        raise FileRefused(
            f"The ZIP archive has {len(files):,} files ({listed}{more}); one is read "
            "from each. Unpack it, and import them one by one."
        )
    [member] = files
    if member.flag_bits & ENCRYPTED:
        raise FileRefused("The ZIP archive has a password. Unpack it first.")
    if member.compress_type not in METHODS:
        raise FileRefused(
            f"The ZIP archive is packed by method {member.compress_type}, and only "
            "deflate is read here. Unpack it first."
        )
    return member


def gunzipped(file: IO[bytes], most_bytes: int) -> IO[bytes]:
    """Return what was packed with gzip, in one member or in several."""
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            return on_disk(
                cast("IO[bytes]", packed),
                packed_size=size_of(file),
                most_bytes=most_bytes,
            )
    except BROKEN as broken:
        raise FileRefused(f"The gzip file is damaged: {said(broken)}") from None


def on_disk(packed: IO[bytes], *, packed_size: int, most_bytes: int) -> IO[bytes]:
    """Unpack into a file without a name, and stop where no honest one would go on."""
    most_bytes = min(most_bytes, max(INNOCENT, MOST_RATIO * packed_size))
    with contextlib.ExitStack() as failing:
        directory = settings.FILE_UPLOAD_TEMP_DIR
        file = failing.enter_context(tempfile.TemporaryFile(dir=directory))
        found = cast("IO[bytes]", file)
        while piece := packed.read(READ):
            found.write(piece)
            refuse_bomb(found.tell(), packed_size, most_bytes)
        failing.pop_all()  # from here on it is the caller's to close
    return found


def refuse_bomb(size: int, packed_size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise FileRefused(
            f"Unpacked, the file has more than {most_bytes:,} bytes, the most that are "
            f"allowed of {packed_size:,} packed ones."
        )


def size_of(file: IO[bytes]) -> int:
    place = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(place)
    return size


def said(broken: Exception) -> str:
    """Return what a reader said of a broken file, as the end of a sentence."""
    words = " ".join(str(broken).split())[:200]
    return f"{words.rstrip('.') or type(broken).__name__}."
