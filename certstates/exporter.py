"""Records out of the house: rows in, bytes out, in memory that does not grow.

CSV and XLSX write what the API would print, each value as ``certstates.cells`` has it;
the JSON is the API's own. What the API prints comes printed from PostgreSQL.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

import orjson
from django.conf import settings
from psycopg.abc import Buffer

from certstates import printing
from certstates.addresses import ROOTS, ServiceRoot
from certstates.cells import written
from certstates.edm import EdmString
from certstates.models import CertificateStateQuerySet
from certstates.odata.formats import Format
from certstates.odata.representation import FIELDS, Representation
from certstates.sheets import Cell, write_book

Records = CertificateStateQuerySet
Row = Sequence[Any]
Watch = Callable[[Iterable[Any]], Iterable[Any]]

HEADERS = tuple(FIELDS)
CELLS = tuple(printing.cell(name) for name in HEADERS)
# The report AllDeviceCertificates of Intune, column by column, and its own names for
# the properties. It has neither an id nor a revocation; without these three the way
# back would lose them.
INTUNE = {
    "CertificateStatus": "certificateRevokeStatus",
    "DeviceId": None,
    "DeviceName": "managedDeviceDisplayName",
    "EnhancedKeyUsage": "certificateExtendedKeyUsages",
    "IssuerName": "certificateIssuerName",
    "KeyUsage": "certificateKeyUsages",
    "PolicyId": None,
    "SerialNumber": "certificateSerialNumber",
    "SubjectName": "certificateSubjectName",
    "Thumbprint": "certificateThumbprint",
    "UPN": "userPrincipalName",
    "UserId": None,
    "ValidFrom": "certificateIssuanceDateTime",
    "ValidTo": "certificateExpirationDateTime",
    "Id": "id",
    "CertificateRevokeStatus": "certificateRevokeStatus",
    "CertificateRevokeStatusLastChangeDateTime": (
        "certificateRevokeStatusLastChangeDateTime"
    ),
}
INTUNE_CELLS = tuple(
    printing.cell(name) if name else printing.NOTHING for name in INTUNE.values()
)
CHUNK = 64 * 1024  # bytes that are worth a write to the network
# Excel's own limits. A file beyond them opens, but is cut without a word.
MOST_SHEET_ROWS = 1_048_575  # and one for the headers
LONGEST_CELL = 32_767  # in UTF-16 code units
SHORT_CELL = LONGEST_CELL // 2  # characters that fit in any case

# Excel takes a CSV without it for the local code page; all others pass it over.
BYTE_ORDER_MARK = "\ufeff"
# A server may end a broken answer as if it were whole. This line says that it is not,
# in a form that no import takes for a record.
INCOMPLETE = b'"INCOMPLETE: the export broke off here, the file is not whole."\r\n'


class DoesNotFit(Exception):
    """A workbook cannot hold this; the sentence names what can."""


def rows(records: Records) -> Iterator[Row]:
    """Yield the records as they are at one moment, whoever writes meanwhile.

    A row holds the values of ``HEADERS`` as the API prints them.
    """
    return printing.rows(records, HEADERS)


def lines(records: Records, cells: Sequence[Any] = CELLS) -> Iterator[Buffer]:
    """Yield the same as lines of CSV."""
    return printing.lines(records, cells)


def csv_file(
    lines: Iterable[Buffer], headers: Sequence[str] = HEADERS
) -> Iterator[bytes]:
    """Yield a CSV file as RFC 4180 has it, in UTF-8 with a byte order mark."""
    return chunked(csv_lines(lines, headers))


def csv_lines(lines: Iterable[Buffer], headers: Sequence[str]) -> Iterator[bytes]:
    yield f"{BYTE_ORDER_MARK}{','.join(headers)}\r\n".encode()
    try:
        for line in lines:
            yield bytes(line[:-1]) + b"\r\n"  # PostgreSQL ends it with \n alone
    except Exception:
        yield INCOMPLETE
        raise


def json_file(rows: Iterable[Row], shape: Representation) -> Iterator[bytes]:
    """Yield one page of the API with all records; what broke off stays unclosed."""
    return chunked(json_pieces(rows, shape))


def json_pieces(rows: Iterable[Row], shape: Representation) -> Iterator[bytes]:
    head, tail = orjson.dumps(shape.page(())).split(b"[")
    yield head + b"["
    separator = b""
    for row in rows:
        yield separator + orjson.dumps(item(row))
        separator = b","
    yield tail


def ndjson_file(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield one record a line, each as it stands in a list of the API."""
    return chunked(json_lines(rows))


def json_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    try:
        for row in rows:
            yield orjson.dumps(item(row), option=orjson.OPT_APPEND_NEWLINE)
    except Exception:
        yield b'{"INCOMPLETE": '  # no object, so that nobody takes the file for whole
        raise


def item(row: Row) -> dict[str, Any]:
    return dict(zip(HEADERS, row, strict=True))


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield many pieces as few, and what there is of them before an error."""
    chunk = bytearray()
    try:
        for piece in pieces:
            chunk += piece
            if len(chunk) > CHUNK:
                yield bytes(chunk)
                chunk.clear()
    except Exception:
        yield bytes(chunk)
        raise
    yield bytes(chunk)


def refuse_too_many(records: Records) -> None:
    """Refuse before a workbook is made what will not fit; more may still come."""
    if records.order_by()[MOST_SHEET_ROWS : MOST_SHEET_ROWS + 1].exists():
        refuse_overlong_sheet(MOST_SHEET_ROWS + 1)


def xlsx_file(rows: Iterable[Row]) -> IO[bytes]:
    """Return a temporary file that vanishes when it is closed, with a workbook.

    Raises DoesNotFit where Excel would cut.
    """
    with contextlib.ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.TemporaryFile())
        write_book(file, fitting(rows), title="certificate states", headers=HEADERS)
        unless_whole.pop_all()  # the answer closes it
    file.seek(0)
    return file


def fitting(rows: Iterable[Row]) -> Iterator[list[Cell]]:
    """Yield the rows as cells, and refuse what Excel would cut."""
    for number, row in enumerate(rows, 1):
        refuse_overlong_sheet(number)
        found = [*cells(row)]
        if any(isinstance(cell, str) and len(cell) > SHORT_CELL for cell in found):
            refuse_overlong_cells(found, number=number)
        yield found


def refuse_overlong_sheet(rows: int) -> None:
    if rows > MOST_SHEET_ROWS:
        raise DoesNotFit(
            f"A sheet of Excel ends after {MOST_SHEET_ROWS:,} records, and there are "
            "more. Export them as CSV or JSON, which have no limit, or narrow the list."
        )


def refuse_overlong_cells(found: Iterable[Cell], *, number: int) -> None:
    for column, cell in zip(HEADERS, found, strict=True):
        if len(str(cell).encode("utf-16-le")) // 2 > LONGEST_CELL:
            raise DoesNotFit(
                f"A cell of Excel ends after {LONGEST_CELL:,} characters, and {column} "
                f"of row {number + 1:,} has more. Export as CSV or JSON."
            )


def cells(row: Row) -> Iterator[Cell]:
    """Yield the values of a row as cells; None is an empty one."""
    for value, is_free in zip(row, IS_FREE_TEXT, strict=True):
        yield written(value) if is_free and value is not None else value


IS_FREE_TEXT = [isinstance(field, EdmString) for field in FIELDS.values()]


def _csv(records: Records, watch: Watch) -> Iterator[bytes]:
    return csv_file(watch(lines(records)))


def _ndjson(records: Records, watch: Watch) -> Iterator[bytes]:
    return ndjson_file(watch(rows(records)))


def _json(records: Records, watch: Watch) -> Iterator[bytes]:
    """Yield a page that names its context where the server knows its own address."""
    service = ServiceRoot(f"{settings.PUBLIC_URL}{ROOTS[0]}")
    shape = Representation(
        service, Format("minimal" if settings.PUBLIC_URL else "none")
    )
    return json_file(watch(rows(records)), shape)


def _xlsx(records: Records, watch: Watch) -> Iterator[bytes]:
    refuse_too_many(records)
    with xlsx_file(watch(rows(records))) as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _intune_csv(records: Records, watch: Watch) -> Iterator[bytes]:
    return csv_file(watch(lines(records, INTUNE_CELLS)), [*INTUNE])


# By the names of the command's --format. ``watch`` passes on each, and may count.
FORMATS: dict[str, Callable[[Records, Watch], Iterator[bytes]]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "json": _json,
    "xlsx": _xlsx,
    "intune-csv": _intune_csv,
}
