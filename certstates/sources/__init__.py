"""Files that records come from: one module a format, recognised by what is inside.

Each is read into the same rows, so what becomes of them (``certstates.importer``) does
not know the format; another one is another ``Source`` here.
"""

import weakref
from collections.abc import Callable
from typing import IO

from certstates.sources.archives import gunzipped, unzipped
from certstates.sources.certificates import CertificateFile
from certstates.sources.documents import JsonFile
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.recognition import ENDINGS, Kind, kind_of, refuse_other_name
from certstates.sources.rows import FileRefused, Row, Source
from certstates.sources.tables import CsvFile
from certstates.sources.workbooks import Workbook

READERS: dict[Kind, Callable[[IO[bytes], Reading], Source]] = {
    Kind.CSV: CsvFile,
    Kind.JSON: JsonFile,
    Kind.XLSX: Workbook,
    Kind.CERTIFICATES: CertificateFile,
}
UNPACKED = {Kind.ZIP: unzipped, Kind.GZIP: gunzipped}


def open_source(file: IO[bytes], reading: Reading = AS_IT_IS) -> Source:
    """Return the reader that fits the file, whatever its name; or refuse the file.

    The file must be seekable, and stay open while its rows are read.
    """
    kind = kind_of(file)
    if kind in READERS:
        return READERS[kind](file, reading)
    content = UNPACKED[kind](file, reading.most_bytes)
    try:
        source = source_within(content, reading)
    except BaseException:
        content.close()
        raise
    weakref.finalize(source, content.close)  # it lives as long as its reader
    return source


def source_within(content: IO[bytes], reading: Reading) -> Source:
    """Return the reader of what was packed; what is packed twice is refused."""
    kind = kind_of(content)
    if kind not in READERS:
        raise FileRefused(
            f"What is packed in the file is itself {kind.value}. Unpack it first."
        )
    return READERS[kind](content, reading)


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
