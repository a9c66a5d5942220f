"""Files of text: which encoding, and lines that end."""

import codecs
import contextlib
import io
from collections.abc import Iterator
from typing import IO, Any, TextIO, cast

from certstates.sources.rows import FileRefused

READ = 1 << 16
HEAD = 1024  # bytes that tell an encoding
LONGEST_LINE = 1 << 20  # characters; the longest record has a tenth of it
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, which begins it
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Borrowed(io.TextIOWrapper):
    """The text of a file that is somebody else's to close."""

    def __del__(self) -> None:
        with contextlib.suppress(ValueError):  # it is closed already
            self.detach()


def encoding_of(head: bytes, told: str = "") -> str:
    """Return the encoding that a file's beginning tells, or what people told; or UTF-8.

    The mark at the beginning wins. UTF-16 without one is known by its NULs: what is
    read here begins with names of ASCII's letters.
    """
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    return told or utf_16_of(head) or "utf-8"


def utf_16_of(head: bytes) -> str:
    first, second = (head[n::2].count(0) * 2 / max(len(head[n::2]), 1) for n in (0, 1))
    if first > 1 and not second:
        return "utf-16-be"
    return "utf-16-le" if second > 1 and not first else ""


def text_of(
    file: IO[bytes], told: str = "", *, longest_line: int | None = None
) -> TextIO:
    """Return the file as text with its line ends as they are, or refuse it whole."""
    refuse_unknown_encoding(told)
    file.seek(0)
    encoding = encoding_of(file.read(HEAD), told)
    check_text(file, encoding, longest_line)
    file.seek(0)
    return Borrowed(cast("Any", file), encoding=encoding, newline="")


def refuse_unknown_encoding(told: str) -> None:
    try:
        "".encode(told or "utf-8")
    except (LookupError, ValueError):
        raise FileRefused(
            f"There is no encoding {told[:50]!r}; cp1252 and utf-16-le are some."
        ) from None


def check_text(file: IO[bytes], encoding: str, longest_line: int | None) -> None:
    """Refuse the first byte that is not text, and a line that would fill the memory.

    Nothing has been read as a record yet.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    offset, lines, length = 0, 1, 0
    while True:
        waiting = len(decoder.getstate()[0])
        chunk = file.read(READ)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            raise no_text(error, encoding, offset - waiting, lines) from None
        refuse_nul(text, lines)
        lines += text.count("\n")
        end = max(text.rfind("\n"), text.rfind("\r"))
        length = len(text) - end - 1 + (length if end < 0 else 0)
        if longest_line and length > longest_line:
            raise too_long(lines)
        offset += len(chunk)
        if not chunk:
            return


def refuse_nul(text: str, lines: int) -> None:
    """Refuse what no text has: a part in UTF-16 has it, and what was never written."""
    if (at := text.find("\0")) >= 0:
        raise FileRefused(
            f"Line {lines + text.count(chr(10), 0, at):,} has a NUL: the file is not "
            "whole, or a part of it has another encoding (UTF-16)."
        )


def no_text(error: UnicodeError, encoding: str, begin: int, lines: int) -> FileRefused:
    """Return the refusal of a byte, with its place in the file and its line."""
    name = encoding.removesuffix("-sig").upper()
    if not isinstance(error, UnicodeDecodeError):
        return FileRefused(f"The file is not {name}: {error}.")
    lines += error.object[: error.start].count(b"\n")
    return FileRefused(
        f"The file is not {name}: the byte 0x{error.object[error.start]:02X} at offset "
        f"{begin + error.start:,} (line {lines:,}) is no text. Save it in UTF-8 (Excel "
        "calls that CSV UTF-8), or let import_states know the encoding, such as by "
        "--encoding cp1252."
    )


def too_long(number: int) -> FileRefused:
    return FileRefused(f"Line {number:,} has more than {LONGEST_LINE:,} characters.")


class Lines:
    """The lines of a text, of which neither one nor a record may fill the memory.

    So many were read ``above``, and are counted. Whoever has a record of them begins
    the next one: line ends between quotation marks do not end a record.
    """

    def __init__(self, text: TextIO, *, above: int = 0) -> None:
        self.text, self.number, self.length = text, above, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.length += len(line)
        if len(line) == LONGEST_LINE:
            raise too_long(self.number)
        if self.length > LONGEST_LINE:
            raise FileRefused(
                f"The record that goes on in line {self.number:,} has more than "
                f"{LONGEST_LINE:,} characters: is a quotation mark not closed?"
            )
        return line

    def begin_record(self) -> None:
        self.length = 0
