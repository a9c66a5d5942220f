"""X.509 certificates: in PEM, DER, PKCS#7 and PKCS#12."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from cryptography import x509

from certstates.errors import shown
from certstates.sources.certificate_files import BinaryFile, PemFile, Piece, is_der
from certstates.sources.certificate_values import is_authority, user_of, values_of
from certstates.sources.identity import derived_id
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.rows import FileRefused, Row, Source

KEY = "x509"  # of the ids: which kind of natural key they follow from
STATUS: dict[str, str | None] = {"certificateRevokeStatus": "none"}
MOST_NAMES = 5  # of authorities that a note lists
LONGEST_WORDS = 200
# What cryptography raises of a certificate, often not before a part is asked for.
BROKEN = (
    ValueError,
    TypeError,  # of a name's part that has another type than its identifier wants
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
# The kind of error, and the innermost part of the certificate that has it.
ASN1_ERROR = re.compile(r'kind: (\w+)(?:.*"([^"]+)"\])?')


class CertificateFile(Source):
    """Each certificate is a record, but those of authorities beside others.

    A device's file has the chain of its issuers, too, which are no certificates of that
    device. A file of nothing else is meant.
    """

    kind = "certificates"

    def __init__(self, file: IO[bytes], reading: Reading = AS_IT_IS) -> None:
        super().__init__(reading)
        file.seek(0)
        if is_der(file.read(4)):
            self.file: BinaryFile | PemFile = BinaryFile(file, reading)
        else:
            self.file = PemFile(file)
        self.place = self.file.place
        self.authorities: dict[str, None] = {}
        self.passed_over = 0

    def __iter__(self) -> Iterator[Row]:
        has_others = False
        for row, authority in self._rows():
            if authority is None:
                has_others = True
                yield row
            else:
                self._pass_over(authority)
        if not has_others:
            yield from (row for row, _ in self._rows())
        self._conclude(has_others)

    def _rows(self) -> Iterator[tuple[Row, str | None]]:
        """Yield each row, and the name of the authority whose certificate it is."""
        for piece in self.file.pieces():
            yield self._row(piece)

    def _row(self, piece: Piece) -> tuple[Row, str | None]:
        if piece.fault:
            return Row(piece.line, {}, (piece.fault,)), None
        try:
            with silence():
                certificate = x509.load_der_x509_certificate(piece.der)
                row = self._record(piece, certificate)
                authority = is_authority(certificate)
        except BROKEN as broken:
            return Row(piece.line, {}, (fault_of(broken),)), None
        return row, row.values["certificateSubjectName"] if authority else None

    def _record(self, piece: Piece, certificate: x509.Certificate) -> Row:
        known = values_of(certificate)
        defaults = dict(STATUS)
        user = self.reading.user
        people = {
            "managedDeviceDisplayName": self.reading.device,
            "userPrincipalName": user_of(certificate) if user is None else user,
        }
        for name, value in people.items():
            # A record that knows its device or user must not lose it here.
            (defaults if value is None else known)[name] = value
        fingerprint = hashlib.sha256(piece.der).hexdigest()
        known["id"] = derived_id(KEY, self.reading.device or "", fingerprint)
        return Row(piece.line, known, defaults=defaults, is_derived=True)

    def _pass_over(self, authority: str) -> None:
        self.passed_over += 1
        if len(self.authorities) < MOST_NAMES:
            self.authorities[shown(authority) or "(no name)"] = None

    def _conclude(self, has_others: bool) -> None:
        """Say what was passed over; refuse a file that had nothing else."""
        others = ", ".join(f"{what} ({n:,})" for what, n in self.file.others.items())
        if not has_others and not self.passed_over:
            found = f"; it has: {others}" if others else ""
            raise FileRefused(f"The file has no certificate{found}.")
        if has_others and self.passed_over:
            more = ", …" if self.passed_over > len(self.authorities) else ""
            self.notes.append(
                "Certificates of authorities, beside others, are passed over "
                f"({self.passed_over:,}): {'; '.join(self.authorities)}{more}."
            )
        if others:
            self.notes.append(
                f"What is no certificate is passed over and not kept: {others}."
            )


@contextmanager
def silence() -> Iterator[None]:
    """Have the library not warn of what RFC 5280 does not allow, and records may have.

    Those are serial numbers below 1 and overlong parts of names.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def fault_of(broken: Exception) -> str:
    """Return what the library said of a certificate, as a sentence."""
    said = " ".join(str(broken).split()).rstrip(".")
    if found := ASN1_ERROR.search(said):
        said = " in ".join(filter(None, found.groups()))
    return (
        "The certificate is damaged, not whole, or not as X.509 has it: "
        f"{said[:LONGEST_WORDS]}."
    )
