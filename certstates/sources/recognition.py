"""What a file is, told by its first bytes; its name must not say something else."""

import enum
import re
from typing import IO

from certstates.sources.archives import directory_of
from certstates.sources.certificate_files import PREAMBLE, is_der, is_pem
from certstates.sources.rows import FileRefused
from certstates.sources.texts import encoding_of

HEAD = 1024
TAKEN = "CSV, XLSX, JSON and certificates (also in a ZIP or gzip) are read here."
ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
TAR, TAR_AT = b"ustar", 257
WORKBOOK = "xl/workbook.xml"
FOREIGN = {
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old .xls, or a workbook with a password; "
    "save it as .xlsx without one",
    b"BZh": "packed with bzip2; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it first",
    b"PK\x05\x06": "an empty ZIP archive",
}


class Kind(enum.Enum):
    CSV = "CSV"
    JSON = "JSON"
    XLSX = "XLSX"
    CERTIFICATES = "of certificates"
    ZIP = "a ZIP archive"
    GZIP = "packed with gzip"


ENDINGS = {
    Kind.CSV: (".csv", ".tsv", ".txt"),
    Kind.JSON: (".json", ".jsonl", ".ndjson", ".txt"),
    Kind.XLSX: (".xlsx",),
    Kind.CERTIFICATES: (
        *(".pem", ".crt", ".cer", ".der"),
        *(".p7b", ".p7c", ".p12", ".pfx", ".txt"),
    ),
    # Intune's download is a ZIP, which scripts save under the name of what is in it.
    Kind.ZIP: (".zip", ".csv", ".json"),
    Kind.GZIP: (".gz", ".csv", ".json", ".jsonl", ".ndjson"),
}


def kind_of(file: IO[bytes]) -> Kind:
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise FileRefused("The file is empty.")
    for mark, what in FOREIGN.items():
        if head.startswith(mark):
            raise FileRefused(f"The file is {what}. {TAKEN}")
    if head[TAR_AT:].startswith(TAR):
        raise FileRefused(f"The file is a tar archive; unpack it first. {TAKEN}")
    if head.startswith(ZIP):
        return kind_of_archive(file)
    if head.startswith(GZIP):
        return Kind.GZIP
    if is_der(head) or is_pem(head + file.read(PREAMBLE)):
        return Kind.CERTIFICATES
    return kind_of_text(head)


def refuse_other_name(file: IO[bytes], name: str) -> None:
    """Refuse a file whose name promises another kind than it is."""
    kind = kind_of(file)
    if not name.casefold().endswith(ENDINGS[kind]):
        *others, last = ENDINGS[kind]
        endings = f"{', '.join(others)} or {last}" if others else last
        raise FileRefused(
            f"The file is {kind.value}, and its name does not say so: it must end in "
            f"{endings}."
        )


def kind_of_archive(file: IO[bytes]) -> Kind:
    """Tell a workbook, which is a ZIP archive too, by the part that each one has."""
    names = [member.filename for member in directory_of(file)]
    return Kind.XLSX if WORKBOOK in names else Kind.ZIP


def kind_of_text(head: bytes) -> Kind:
    encoding = encoding_of(head)
    if b"\0" in head and not encoding.startswith(("utf-16", "utf-32")):
        raise FileRefused(f"The file is no text. {TAKEN}")
    text = head.decode(encoding, errors="ignore").lstrip(" \t\r\n\ufeff")
    if not text:
        raise FileRefused("The file has nothing but white space.")
    if text[0] == "<":
        raise FileRefused(f"The file is {markup_of(text)}. {TAKEN}")
    return Kind.JSON if text[0] in "[{" else Kind.CSV


def markup_of(text: str) -> str:
    """Return what a file is that begins with a tag."""
    if re.match(r"<!doctype html|<html|<head|<body", text, re.IGNORECASE):
        return "an HTML page, perhaps one to sign in at, and not the download"
    return "HTML or XML, perhaps a page that said no to the download"
