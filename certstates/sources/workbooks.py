"""Workbooks of Excel (.xlsx): the first sheet, read row by row."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import ParseError  # nosec B405 # an error, and no parser

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from certstates.edm import EdmString
from certstates.sources import intune, names
from certstates.sources.layouts import SERVER_SUPPLIED, cell_value
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.rows import FileRefused, Row, Source

# A sheet of 20,000 records has some 25 MB; its XML is packed to a tenth and better.
MOST_UNPACKED = 100 * 1024 * 1024
MOST_PARTS = 1_000
MOST_COLUMNS = 100
MOST_ROWS = 1_048_576  # Excel's own; a small file can name a row far beyond
# What a file that is not what it claims to be makes of its reader.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
)
# How a sheet's XML writes the characters that XML cannot hold (ECMA-376, ST_Xstring).
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
HINT = "format the column as text and type it again"


class Workbook(Source):
    kind = "XLSX"
    place = "Row"

    def __init__(self, file: IO[bytes], reading: Reading = AS_IT_IS) -> None:
        super().__init__(reading)
        refuse_bomb(file)
        try:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
        except BROKEN as broken:
            raise FileRefused(f"The workbook cannot be read: {said(broken)}") from None
        sheet.reset_dimensions()  # what the file says of its size is not believed
        if len(book.worksheets) > 1:
            self.notes.append(
                f"Only the first of {len(book.worksheets)} sheets is read: "
                f"{sheet.title}."
            )
        self.rows = sheet.iter_rows(max_col=MOST_COLUMNS)
        number, header = next(self._filled(), (0, []))
        if not number:
            raise FileRefused("The first sheet is empty.")
        header = [cell.value for cell in header]
        while header and header[-1] is None:
            header.pop()
        refuse_report(header)
        self.columns = names.columns_of(map(str, header), unknown=self.unknown)

    def __iter__(self) -> Iterator[Row]:
        for number, cells in self._filled():
            yield self._row(number, cells)

    def _filled(self) -> Iterator[tuple[int, Any]]:
        """Yield the rows that have a value; a sheet may have a million without."""
        try:
            for number, cells in enumerate(self.rows, 1):
                if number > MOST_ROWS:
                    raise FileRefused(f"A sheet has at most {MOST_ROWS:,} rows.")
                filled = next((c for c in cells if c.value is not None), None)
                if filled is not None:
                    yield filled.row, cells
        except BROKEN as broken:
            raise FileRefused(f"The workbook cannot be read: {said(broken)}") from None

    def _row(self, number: int, cells: Any) -> Row:
        values: dict[str, Any] = {}
        faults = []
        width = len(self.columns)
        if any(cell.value is not None for cell in cells[width:]):
            faults.append(f"The row has cells beyond the {width} of the header.")
        for n, name in enumerate(self.columns):
            cell = cells[n] if n < len(cells) else None
            value = cell.value if cell is not None else None
            if not name or (value is None and name in SERVER_SUPPLIED):
                continue
            fault = fault_of(name, cell)
            if fault:
                faults.append(f"{name}: {fault}")
            else:
                values[name] = json_value(name, value)
        return Row(number, values, tuple(faults))


def refuse_report(header: list[Any]) -> None:
    """Refuse Intune's report once Excel has changed dates and long numbers in it."""
    if intune.is_meant(map(str, header)):
        raise FileRefused(
            "The sheet looks like Intune's report of certificates. Bring it as it was "
            "downloaded: Excel changes dates and long numbers in it."
        )


def fault_of(name: str, cell: Any) -> str | None:
    """Return why a cell's value is not what it shows, or nothing."""
    value = cell.value if cell is not None else None
    if value is None:
        return None
    if cell.data_type == "f":
        return "the cell holds a formula; paste its value instead."
    if cell.data_type == "e":
        return f"the cell holds Excel's error {value}."
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return (
            "the cell holds a date of Excel's, which has no offset; it must be a text "
            "such as 2027-01-05T10:00:00Z."
        )
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and isinstance(names.FIELDS[name], EdmString):
        return (
            f"the cell holds a number, of which Excel drops zeros and digits; {HINT}."
        )
    return None


def json_value(name: str, value: Any) -> Any:
    """Return what the API would have been sent for a cell's value."""
    if isinstance(value, str):
        return cell_value(name, unescaped(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if type(value) is int and name in names.ENUMERATIONS else value


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def said(broken: Exception) -> str:
    """Return what a reader said of a broken file, as the end of a sentence."""
    cause = broken.__cause__ or broken
    words = " ".join(str(cause).split())[:200]
    return f"{type(cause).__name__}: {words.rstrip('.')}."


def refuse_bomb(file: IO[bytes]) -> None:
    """Refuse a small file that would become a huge one.

    The sizes are the file's own words, but no more than these are ever unpacked.
    """
    try:
        parts = zipfile.ZipFile(file).infolist()
    except zipfile.BadZipFile as broken:
        raise FileRefused(f"The workbook is damaged: {said(broken)}") from None
    size = sum(part.file_size for part in parts)
    if size > MOST_UNPACKED or len(parts) > MOST_PARTS:
        raise FileRefused(
            f"Unpacked, the workbook has {size:,} bytes in {len(parts):,} parts; "
            f"{MOST_UNPACKED:,} in {MOST_PARTS:,} are allowed."
        )
