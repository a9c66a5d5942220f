"""Comma-separated values, also with semicolons or tabs, as spreadsheets write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import IO, TextIO

from certstates.sources import shapes
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.rows import FileRefused, Row, Source
from certstates.sources.texts import LONGEST_LINE, Lines, text_of

DELIMITERS = ",;\t"
FOREIGN_DELIMITERS = "|^~"
LONGEST_HEADER = 1 << 16
# The line in which a broken export of this product's own ends.
INCOMPLETE = "INCOMPLETE: "
# The first line that Export-Csv of Windows PowerShell writes.
TYPE = "#TYPE "


class CsvFile(Source):
    """A table whose first line names the columns."""

    kind = "CSV"

    def __init__(self, file: IO[bytes], reading: Reading = AS_IT_IS) -> None:
        super().__init__(reading)
        text = text_of(file, reading.encoding, longest_line=LONGEST_LINE)
        self.above, header = header_of(text)
        delimiter = delimiter_of(header)
        self.lines = Lines(text, above=self.above)
        self.reader = csv.reader(self.lines, delimiter=delimiter, strict=True)
        _, columns = next(self._records(), (0, []))
        if not columns:
            raise FileRefused("The file has no lines.")
        refuse_undivided(columns, delimiter)
        self.width = len(columns)
        self.layout = shapes.layout_of_table(columns, self)

    def __iter__(self) -> Iterator[Row]:
        width, row = self.width, self.layout.row
        for line, cells in self._records():
            if any(cells):
                yield (row if len(cells) == width else self._odd)(line, cells)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that has cells, with the line that it begins in."""
        reader, next_line = self.reader, self.above + 1
        begins = next_line + reader.line_num
        try:
            for cells in reader:
                self.lines.begin_record()
                if cells:
                    yield begins, cells
                begins = next_line + reader.line_num
        except csv.Error as broken:
            raise FileRefused(f"Line {begins:,} cannot be read: {broken}.") from None

    def _odd(self, line: int, cells: list[str]) -> Row:
        if len(cells) == 1 and cells[0].startswith(INCOMPLETE):
            raise FileRefused(
                f"The export that made the file broke off: line {line:,} says that it "
                "is not whole. Export it again."
            )
        fault = f"The row has {number_of(cells)}, and the header has {self.width}."
        return Row(line, {}, (fault,))


def number_of(cells: Sequence[str]) -> str:
    return "1 cell" if len(cells) == 1 else f"{len(cells)} cells"


def header_of(text: TextIO) -> tuple[int, str]:
    """Return how many lines stand above the header, and the header, unread."""
    above = int(text.readline(LONGEST_HEADER).startswith(TYPE))
    if not above:
        text.seek(0)
    begin = text.tell()
    header = text.readline(LONGEST_HEADER)
    text.seek(begin)
    return above, header


def delimiter_of(header: str) -> str:
    """Return what splits the header into the most names that are known."""

    def known(delimiter: str) -> int:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        return sum(map(shapes.is_known, cells))

    return max(DELIMITERS, key=known)


def refuse_undivided(columns: Sequence[str], delimiter: str) -> None:
    """Refuse a header without a known name, if that may be the delimiter's fault."""
    header = delimiter.join(columns)
    foreign = [mark for mark in FOREIGN_DELIMITERS if mark in header]
    if any(map(shapes.is_known, columns)) or not (foreign or len(columns) == 1):
        return
    looks = f", and it seems to be divided by {foreign[0]}" if foreign else ""
    raise FileRefused(
        "The first row must name the columns. Commas, semicolons and tabs were tried, "
        f"and none divides it into known names{looks}; it has: {header[:80]!r}."
    )
