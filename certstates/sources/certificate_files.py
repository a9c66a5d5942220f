"""The containers of certificates: PEM, and DER with all that it may be.

Each is read into pieces, one a certificate, which is DER and not yet looked into.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, TextIO, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certstates.sources import pkcs12
from certstates.sources.reading import Reading
from certstates.sources.rows import FileRefused
from certstates.sources.texts import HEAD, Borrowed, encoding_of

MOST_BYTES = 16 * 1024 * 1024  # of what has to be read as a whole
LONGEST_BLOCK = 1 << 20  # characters between BEGIN and END
LONGEST_LINE = LONGEST_BLOCK + 1
PREAMBLE = 1 << 16  # octets in which the first BEGIN is looked for

BEGIN = re.compile(r"[ \t]*-----BEGIN ([A-Z0-9#][A-Z0-9# ]*)-----[ \t]*\r?\n?")
ANY_BEGIN = re.compile(rf"^{BEGIN.pattern}$", re.MULTILINE)
CERTIFICATES = {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}
MESSAGES = {"PKCS7", "PKCS #7 SIGNED DATA", "CMS"}
PASSED_OVER = {
    "CERTIFICATE REQUEST": "certificate request",
    "NEW CERTIFICATE REQUEST": "certificate request",
    "X509 CRL": "revocation list",
    "PUBLIC KEY": "public key",
}

# A SEQUENCE whose length takes more than one octet, or is not told before (X.690).
SEQUENCE = 0x30
LONG_FORMS = range(0x80, 0x85)
MOST_HEADERS = 16  # octets: of a value and of the first one in it
PADDING = {b"\r", b"\n", b"\0", b"\x1a", b" "}  # that may follow a value
INTEGER, OBJECT_IDENTIFIER = b"\x02", b"\x06"
PKCS12_VERSION = b"\x02\x01\x03"
OTHERS: dict[Callable[[bytes], Any], str] = {
    x509.load_der_x509_csr: "a certificate request",
    x509.load_der_x509_crl: "a revocation list",
}


@dataclass(frozen=True)
class Piece:
    """What stands for one certificate: its DER, or the fault of what should be one."""

    line: int
    der: bytes = b""
    fault: str = ""


def is_der(head: bytes) -> bool:
    return len(head) > 2 and head[0] == SEQUENCE and head[1] in LONG_FORMS


def is_pem(head: bytes) -> bool:
    """Say whether a block of PEM begins in the first octets of a file."""
    text = head.decode(encoding_of(head[:HEAD]), errors="replace")
    return bool(ANY_BEGIN.search(text.replace("\r", "\n")))


class PemFile:
    """Blocks between text, which is passed over like any block of no certificate."""

    place = "Line"

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.others: Counter[str] = Counter()
        self.line = 0

    def pieces(self) -> Iterator[Piece]:
        self.others.clear()
        self.line = 0
        for begins, label, body in self._blocks(self._lines()):
            yield from self._read(begins, label, body)

    def _lines(self) -> Iterator[str]:
        """Yield lines, and of an endless one its first piece."""
        self.file.seek(0)
        encoding = encoding_of(self.file.read(HEAD))
        self.file.seek(0)
        text: TextIO = Borrowed(
            cast("Any", self.file), encoding=encoding, errors="replace"
        )
        is_whole = True
        while piece := text.readline(LONGEST_LINE):
            if is_whole:
                self.line += 1
                yield piece
            is_whole = piece.endswith("\n")

    def _blocks(self, lines: Iterator[str]) -> Iterator[tuple[int, str, str | None]]:
        """Yield where each block begins, its label, and what it has if it ends."""
        begins, label, body, size = 0, "", list[str](), 0
        for line in lines:
            if found := BEGIN.fullmatch(line):
                if label:
                    yield begins, label, None
                begins, label, body, size = self.line, found[1].strip(), [], 0
            elif label and line.strip() == f"-----END {label}-----":
                yield begins, label, "".join(body) if size <= LONGEST_BLOCK else None
                label = ""
            elif label in CERTIFICATES | MESSAGES and size <= LONGEST_BLOCK:
                body.append(line)
                size += len(line)
        if label:
            yield begins, label, None

    def _read(self, line: int, label: str, body: str | None) -> Iterator[Piece]:
        if label not in CERTIFICATES | MESSAGES:
            self.others[other(label)] += 1
        elif body is None:
            fault = (
                "The block has no END line, or more than "
                f"{LONGEST_BLOCK:,} characters before it."
            )
            yield Piece(line, fault=fault)
        else:
            yield from pieces_of_block(line, label, body)


def other(label: str) -> str:
    """Return what a block of no certificate is, for a sentence."""
    if label.endswith("PRIVATE KEY"):
        return "private key"
    return PASSED_OVER.get(label, "other block")


def pieces_of_block(line: int, label: str, body: str) -> Iterator[Piece]:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        yield Piece(line, fault="What stands between BEGIN and END is no Base64.")
        return
    if label in MESSAGES:
        try:
            yield from (Piece(line, found) for found in certificates_of_pkcs7(der))
        except FileRefused as refused:
            yield Piece(line, fault=str(refused))
    else:
        # What openssl trusts it for follows the certificate in the same block.
        yield Piece(line, der[: length_of(der)] if label.startswith("TRUST") else der)


class BinaryFile:
    """DER: certificates one after the other, or one of the containers of PKCS."""

    place = "Certificate"

    def __init__(self, file: IO[bytes], reading: Reading) -> None:
        self.others: Counter[str] = Counter()
        file.seek(0)
        content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise FileRefused(
                f"The file has more than {MOST_BYTES:,} bytes, the most that "
                "certificates in DER may have; in PEM there is no such limit."
            )
        self.content = certificates_of_der(content, reading)

    def pieces(self) -> Iterator[Piece]:
        for number, der in enumerate(concatenated(self.content), 1):
            yield Piece(number, der)


def certificates_of_der(content: bytes, reading: Reading) -> bytes:
    """Return the certificates one after the other, whatever held them."""
    inside = content[header_length(content) :][:MOST_HEADERS]
    if (length_of(content[:MOST_HEADERS]) or 0) > len(content):
        raise FileRefused("The file is not whole: its end is missing.")
    if inside.startswith(PKCS12_VERSION):
        return pkcs12.certificates_of(content, reading.password)
    if inside[:1] == OBJECT_IDENTIFIER:
        return b"".join(certificates_of_pkcs7(content))
    refuse_other(content, inside)
    return content


def refuse_other(content: bytes, inside: bytes) -> None:
    """Refuse by its name what certificates are often kept beside."""
    encrypted = inside[header_length(inside) :][:1] == OBJECT_IDENTIFIER
    if inside[:1] == INTEGER or encrypted:
        raise FileRefused("The file is a private key; a certificate is another file.")
    for load, what in OTHERS.items():
        with contextlib.suppress(ValueError, x509.InvalidVersion):
            load(content)
            raise FileRefused(f"The file is {what}; a certificate is another file.")


def concatenated(content: bytes) -> Iterator[bytes]:
    """Yield each value of DER; what is none, or not whole, is the last one."""
    at = 0
    while at < len(content):
        head = content[at : at + MOST_HEADERS]
        size = length_of(head) if is_der(head) else None
        end = len(content) if size is None else at + size
        yield content[at:end]
        at = end
        while content[at : at + 1] in PADDING:
            at += 1


def header_length(der: bytes) -> int:
    return 2 + (der[1] & 0x7F if der[1:2] > b"\x80" else 0)


def length_of(head: bytes) -> int | None:
    """Return how many octets a value has with its header (X.690, section 8.1.3).

    Nothing stands for a length that is not told, or not there.
    """
    header = header_length(head)
    if len(head) < header or head[1] == LONG_FORMS[0]:
        return None
    if head[1] < LONG_FORMS[0]:
        return header + head[1]
    return header + int.from_bytes(head[2:header], "big")


def certificates_of_pkcs7(der: bytes) -> list[bytes]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of BER, which is read
            found = pkcs7.load_der_pkcs7_certificates(der)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise FileRefused(
            "The PKCS#7 message is damaged or not whole, or has no certificate."
        ) from None
    return [certificate.public_bytes(Encoding.DER) for certificate in found]
