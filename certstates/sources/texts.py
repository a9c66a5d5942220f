"""Files of text: which encoding, and lines that end."""

import codecs
import contextlib
import io
from collections.abc import Iterator
from typing import IO, Any, TextIO, cast

from certstates.sources.rows import FileRefused

READ = 1 << 16
LONGEST_LINE = 1 << 20  # characters; the longest record has a tenth of it
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Borrowed(io.TextIOWrapper):
    """The text of a file that is somebody else's to close."""

    def __del__(self) -> None:
        with contextlib.suppress(ValueError):  # it is closed already
            self.detach()


def encoding_of(head: bytes) -> str:
    """Return the encoding that the mark at the beginning tells; without one, UTF-8."""
    marked = (encoding for mark, encoding in MARKS.items() if head.startswith(mark))
    return next(marked, "utf-8")


def text_of(file: IO[bytes]) -> TextIO:
    """Return the file as text with its line ends as they are, or refuse it whole."""
    file.seek(0)
    encoding = encoding_of(file.read(4))
    check_encoding(file, encoding)
    file.seek(0)
    return Borrowed(cast("Any", file), encoding=encoding, newline="")


def check_encoding(file: IO[bytes], encoding: str) -> None:
    """Refuse the first byte that is not text; nothing has been read as a record yet."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    offset, lines = 0, 1
    while True:
        waiting = len(decoder.getstate()[0])
        chunk = file.read(READ)
        try:
            lines += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            bad = error.object[error.start]
            at = offset - waiting + error.start
            lines += error.object[: error.start].count(b"\n")
            name = encoding.removesuffix("-sig").upper()
            raise FileRefused(
                f"The file is not {name}: the byte 0x{bad:02X} at offset {at:,} (line "
                f"{lines:,}) is no text. Save it in UTF-8; Excel calls that CSV UTF-8."
            ) from None
        offset += len(chunk)
        if not chunk:
            return


def lines_of(text: TextIO, *, above: int = 0) -> Iterator[str]:
    """Yield the lines, and refuse one that would fill the memory.

    So many lines were read ``above``, and are counted.
    """
    number = above
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise FileRefused(
                f"Line {number:,} has more than {LONGEST_LINE:,} characters."
            )
        yield line
