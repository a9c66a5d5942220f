"""Records out of the house: rows in, bytes out, in memory that does not grow.

A row holds the values of ``COLUMNS`` in their order. CSV and XLSX write what the API
would print, each value as ``certstates.cells`` has it; the JSON is the API's own.
"""

from __future__ import annotations

import contextlib
import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

import orjson
import xlsxwriter
from django.db import transaction

from certstates.cells import written
from certstates.edm import EdmInt32, EdmString
from certstates.models import CertificateStateQuerySet
from certstates.odata.representation import FIELDS, Representation

Row = Sequence[Any]

COLUMNS = tuple(field.source or name for name, field in FIELDS.items())
HEADERS = tuple(FIELDS)
FETCHED = 2_000  # rows at a time
CHUNK = 64 * 1024  # characters, or bytes, that are worth a write to the network
# Excel's own limits. A file beyond them opens, but is cut without a word.
MOST_SHEET_ROWS = 1_048_575  # and one for the headers
LONGEST_CELL = 32_767  # in UTF-16 code units

# Excel takes a CSV without it for the local code page; all others pass it over.
BYTE_ORDER_MARK = "\ufeff"
# A server may end a broken answer as if it were whole. This line says that it is not,
# in a form that no import takes for a record.
INCOMPLETE = b'"INCOMPLETE: the export broke off here, the file is not whole."\r\n'


class DoesNotFit(Exception):
    """A workbook cannot hold this; the sentence names what can."""


def rows(queryset: CertificateStateQuerySet) -> Iterator[Row]:
    """Yield the rows as they are at one moment, whoever writes meanwhile.

    The transaction is what keeps the cursor on the server: without one PostgreSQL
    would first compute all of it, in a single statement that has a time limit.
    """
    with transaction.atomic():
        yield from queryset.values_list(*COLUMNS).iterator(chunk_size=FETCHED)


def csv_file(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a CSV file as RFC 4180 has it, in UTF-8 with a byte order mark."""
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    buffer.write(BYTE_ORDER_MARK)
    write(HEADERS)
    try:
        for row in rows:
            write(cells(row))
            if buffer.tell() > CHUNK:
                yield taken(buffer)
    except Exception:
        yield taken(buffer) + INCOMPLETE
        raise
    yield taken(buffer)


def json_file(rows: Iterable[Row], shape: Representation) -> Iterator[bytes]:
    """Yield one page of the API with all records; what broke off stays unclosed."""
    head, tail = orjson.dumps(shape.page(())).split(b"[")
    chunk = bytearray(head + b"[")
    separator = b""
    for row in rows:
        chunk += separator + orjson.dumps(shape.item(row))
        separator = b","
        if len(chunk) > CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk) + tail


def xlsx_file(rows: Iterable[Row]) -> IO[bytes]:
    """Return a temporary file that vanishes when it is closed, with a workbook.

    Raises DoesNotFit where Excel would cut.
    """
    with contextlib.ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.TemporaryFile())
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            write_sheet(book, rows)
        unless_whole.pop_all()  # the answer closes it
    file.seek(0)
    return file


def write_sheet(book: Any, rows: Iterable[Row]) -> None:
    sheet = book.add_worksheet("certificate states")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(HEADERS) - 1, 28)
    sheet.write_row(0, 0, HEADERS, book.add_format({"bold": True}))
    for number, row in enumerate(rows, 1):
        refuse_overlong_sheet(number)
        write_row(sheet, number, row)


def refuse_overlong_sheet(rows: int) -> None:
    if rows > MOST_SHEET_ROWS:
        raise DoesNotFit(
            f"A sheet of Excel ends after {MOST_SHEET_ROWS:,} records, and there are "
            "more. Export them as CSV or JSON, which have no limit, or narrow the list."
        )


def write_row(sheet: Any, number: int, row: Row) -> None:
    """Write texts as texts: nothing is guessed to be a formula, a date or a link."""
    for column, cell in enumerate(cells(row)):
        if isinstance(cell, str):
            refuse_overlong_cell(cell, number=number, column=HEADERS[column])
            sheet.write_string(number, column, cell)
        elif cell is not None:
            sheet.write_number(number, column, cell)


def refuse_overlong_cell(cell: str, *, number: int, column: str) -> None:
    if len(cell) * 2 > LONGEST_CELL and len(cell.encode("utf-16-le")) // 2 > (
        LONGEST_CELL
    ):
        raise DoesNotFit(
            f"A cell of Excel ends after {LONGEST_CELL:,} characters, and {column} of "
            f"row {number + 1:,} has more. Export as CSV or JSON."
        )


def cells(row: Row) -> list[str | int | None]:
    """Return the values of a row as cells; None is an empty one."""
    return [
        None if value is None else printed(value)
        for printed, value in zip(PRINTERS, row, strict=True)
    ]


def taken(buffer: io.StringIO) -> bytes:
    """Return what was written, and leave the buffer empty."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _printer(field: Any) -> Callable[[Any], str | int]:
    """Return what prints the values of a field: only free text can be a formula."""
    if isinstance(field, EdmString):
        return written
    return int if isinstance(field, EdmInt32) else field.to_representation


PRINTERS = [_printer(field) for field in FIELDS.values()]
