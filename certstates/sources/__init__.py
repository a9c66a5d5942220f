"""Files that records come from: one module a format, recognised by what is inside.

Each is read into the same rows, so what becomes of them (``certstates.importer``) does
not know the format; another one is another ``Source`` here.
"""

from typing import IO

from certstates.sources.documents import JsonFile
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.recognition import ENDINGS, Kind, kind_of, refuse_other_name
from certstates.sources.rows import FileRefused, Row, Source
from certstates.sources.tables import CsvFile
from certstates.sources.workbooks import Workbook

READERS: dict[Kind, type[CsvFile] | type[JsonFile] | type[Workbook]] = {
    Kind.CSV: CsvFile,
    Kind.JSON: JsonFile,
    Kind.XLSX: Workbook,
}


def open_source(file: IO[bytes], reading: Reading = AS_IT_IS) -> Source:
    """Return the reader that fits the file, whatever its name; or refuse the file.

    The file must be seekable, and stay open while its rows are read.
    """
    return READERS[kind_of(file)](file, reading)


__all__ = [
    "ENDINGS",
    "FileRefused",
    "Kind",
    "Reading",
    "Row",
    "Source",
    "open_source",
    "refuse_other_name",
]
