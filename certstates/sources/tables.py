"""Comma-separated values, also with semicolons or tabs, as spreadsheets write them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

from certstates.cells import plain
from certstates.edm import EdmInt32
from certstates.models import camel_case
from certstates.serializers import CertificateStateSerializer
from certstates.sources import names
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.rows import FileRefused, Row, Source
from certstates.sources.texts import lines_of, text_of

DELIMITERS = ",;\t"
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
# An empty cell leaves these to the server, or as they are.
SERVER_SUPPLIED = {
    camel_case(name) for name in CertificateStateSerializer.Meta.server_supplied
}


class CsvFile(Source):
    """A table whose first line names the columns."""

    kind = "CSV"

    def __init__(self, file: IO[bytes], reading: Reading = AS_IT_IS) -> None:
        super().__init__(reading)
        text = text_of(file)
        delimiter = delimiter_of(text.readline(1 << 16))
        text.seek(0)
        self.reader = csv.reader(lines_of(text), delimiter=delimiter, strict=True)
        header = next(self._records(), None)
        if header is None:
            raise FileRefused("The file has no lines.")
        self.width = len(header[1])
        self.columns = names.columns_of(header[1], unknown=self.unknown)

    def __iter__(self) -> Iterator[Row]:
        for line, cells in self._records():
            if any(cells):
                yield self._row(line, cells)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that has cells, with the line that it begins in."""
        begins = self.reader.line_num + 1
        try:
            for cells in self.reader:
                if cells:
                    yield begins, cells
                begins = self.reader.line_num + 1
        except csv.Error as broken:
            raise FileRefused(f"Line {begins:,} cannot be read: {broken}.") from None

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != self.width:
            fault = f"The row has {len(cells)} cells, and the header has {self.width}."
            return Row(line, {}, (fault,))
        return Row(line, values_of(self.columns, cells))


def delimiter_of(header: str) -> str:
    """Return what splits the header into the most names that are known."""

    def known(delimiter: str) -> int:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        return sum(names.property_of(cell) is not None for cell in cells)

    return max(DELIMITERS, key=known)


def values_of(columns: Sequence[str | None], cells: Sequence[str]) -> dict[str, Any]:
    """Return JSON values of the cells: what the API would have been sent."""
    values = {}
    for name, cell in zip(columns, cells, strict=True):
        if name and (cell or name not in SERVER_SUPPLIED):
            values[name] = value_of(name, cell)
    return values


def value_of(name: str, cell: str) -> str | int | None:
    if not cell:
        return None
    text = plain(cell)
    if isinstance(names.FIELDS[name], EdmInt32) and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return text
