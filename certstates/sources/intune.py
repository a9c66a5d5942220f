"""Intune's reports ``AllDeviceCertificates`` and ``CertificatesByRAPolicy``.

They have neither an id nor a revocation: the id follows from device, certificate and
policy, and a record that exists keeps the status that somebody gave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

from certstates.sources import names
from certstates.sources.dates import Dates, Unreadable
from certstates.sources.flags import folded, key_usages
from certstates.sources.identity import derived_id
from certstates.sources.layouts import ABSENT, Columns, Convert
from certstates.sources.reading import Reading
from certstates.sources.rows import FileRefused, Row, Source

ISSUANCE = "certificateIssuanceDateTime"
EXPIRATION = "certificateExpirationDateTime"
STATUS = "certificateRevokeStatus"
USAGES = "certificateKeyUsages"
PROPERTIES = {
    "devicename": "managedDeviceDisplayName",
    "upn": "userPrincipalName",
    "validfrom": ISSUANCE,
    "validto": EXPIRATION,
    "issuername": "certificateIssuerName",
    "subjectname": "certificateSubjectName",
    "serialnumber": "certificateSerialNumber",
    "thumbprint": "certificateThumbprint",
    "enhancedkeyusage": "certificateExtendedKeyUsages",
}
NAMES = {
    "DeviceName",
    "UPN",
    "ValidFrom",
    "ValidTo",
    "IssuerName",
    "SubjectName",
    "SerialNumber",
    "Thumbprint",
    "EnhancedKeyUsage",
    "KeyUsage",
    "CertificateStatus",
    "DeviceId",
    "UserId",
    "PolicyId",
    "CaConfiguration",
}
NATURAL_KEY = ("deviceid", "thumbprint", "policyid")
OTHERWISE = ("devicename", "upn", "serialnumber", "issuername")
SERIAL = OTHERWISE.index("serialnumber")
# What this product's own export adds behind Intune's columns, and reads back exactly.
OWN = {names.key(n): n for n in ("id", STATUS, f"{STATUS}LastChangeDateTime")}
LOCALIZED = re.compile(r"_loc$", re.IGNORECASE)
SEPARATORS = re.compile(r"[\W_]+")
REVOKED = {"revoked", "revoke", "certificaterevoked", "certrevoked"}
IN_EITHER_CASE = {names.key(name): name for name in NAMES}


def key(name: str) -> str:
    return names.key(name.replace(" ", ""))


def is_meant(header: Iterable[str]) -> bool:
    """Say whether more of the names are Intune's than the entity's own."""
    keys = {key(LOCALIZED.sub("", name.strip())) for name in header}
    found = keys & {*IN_EITHER_CASE}
    return len(found) > max(1, len(keys & {*names.PROPERTIES} - {*OWN}))


def known(name: str) -> bool:
    found = key(LOCALIZED.sub("", name.strip()))
    return found in IN_EITHER_CASE or found in OWN


class IntuneLayout:
    """The report's columns, in any order, case and number."""

    def __init__(
        self,
        header: Sequence[str],
        source: Source,
        *,
        convert: Callable[[str], Convert],
        text: Convert,
    ) -> None:
        self.text, self.tally = text, source.tally
        self.at = places_of(header, unknown=source.unknown)
        refuse_incomplete(self.at, header)
        dates = Dates(source.reading, in_utc=True)
        self.columns = Columns(self._parts(convert, dates))
        self.usages = self.at.get("keyusage")
        self.status = self.at.get("certificatestatus")
        self.natural = Texts(NATURAL_KEY, self.at, text)
        self.others = Texts(OTHERWISE, self.at, text)
        self.defaults = self._missing(source.reading)
        self.with_status = {**self.defaults, STATUS: "none"}

    def _parts(
        self, convert: Callable[[str], Convert], dates: Dates
    ) -> Iterator[tuple[int, str, Convert]]:
        text = self.text
        for column, name in PROPERTIES.items():
            if column in self.at:
                is_date = name in (ISSUANCE, EXPIRATION)
                read = (lambda value: dates.read(text(value))) if is_date else text
                yield self.at[column], name, read
        for column, name in OWN.items():
            if column in self.at:
                yield self.at[column], name, partial(given, convert(name))

    def _missing(self, reading: Reading) -> dict[str, Any]:
        """Return what new records have for columns that the file has not."""
        told = {
            "managedDeviceDisplayName": reading.device,
            "userPrincipalName": reading.user,
        }
        absent = [name for column, name in PROPERTIES.items() if column not in self.at]
        if self.usages is None:
            absent.append(USAGES)
        return {name: told.get(name) for name in absent}

    def row(self, line: int, cells: Sequence[Any]) -> Row:
        values, faults = self.columns.read(cells)
        defaults = self.defaults
        if STATUS not in values:
            if self.status is not None and self._is_revoked(cells[self.status]):
                values[STATUS] = "revoked"
            else:
                defaults = self.with_status
        if self.usages is not None:
            usages = self._usages(cells[self.usages])
            if usages is ABSENT:
                defaults = {**defaults, USAGES: None}
            else:
                values[USAGES] = usages
        if "id" in values:
            return Row(line, values, faults, defaults)
        try:
            values["id"] = self._id(cells)
        except Unreadable as fault:
            faults = (*faults, str(fault))
        return Row(line, values, faults, defaults, is_derived=True)

    def _is_revoked(self, raw: Any) -> bool:
        found = self.text(raw)
        if found is not None and not is_revoked(str(found)):
            self.tally.add(f"CertificateStatus: {found!r}", "was taken for none")
            return False
        return found is not None

    def _usages(self, raw: Any) -> Any:
        """Return the number of the usages, null, or ABSENT where it is not told."""
        found = self.text(raw)
        usages = None if found is None else key_usages(str(found))
        if usages is None and found is not None:
            self.tally.add(f"KeyUsage: {found!r}", "was not understood, and left out")
            return ABSENT
        return usages

    def _id(self, cells: Sequence[Any]) -> str:
        """Return the id that follows from what tells a certificate on a device."""
        device, thumbprint, policy = self.natural(cells)
        thumbprint = thumbprint and as_key(thumbprint)
        try:
            if device and thumbprint:
                return derived_id("intune", device, thumbprint, policy)
            others = self.others(cells)
            if thumbprint or others[SERIAL]:
                return derived_id("intune", device, thumbprint, policy, *others)
        except TypeError:
            raise Unreadable("Its natural key has text that is no Unicode.") from None
        raise Unreadable(
            "Neither Thumbprint nor SerialNumber has a value, so the certificate could "
            "not be told from others."
        )


class Texts:
    """The texts of certain columns; nothing for those that are empty or not there."""

    def __init__(self, names: Iterable[str], at: dict[str, int], text: Convert) -> None:
        self.places = [at.get(name) for name in names]
        self.text = text

    def __call__(self, cells: Sequence[Any]) -> list[str | None]:
        return [None if n is None else self._text(cells[n]) for n in self.places]

    def _text(self, value: Any) -> str | None:
        found = self.text(value)
        return found if found is None else str(found)


def given(convert: Convert, value: Any) -> Any:
    """Return a value that stands for nothing unless it is there."""
    return ABSENT if value in (None, "") else convert(value)


def places_of(header: Sequence[str], *, unknown: dict[str, None]) -> dict[str, int]:
    """Return where each known column stands; a raw one wins over its ``_loc``."""
    raw: dict[str, int] = {}
    localized: dict[str, int] = {}
    for n, name in enumerate(header):
        base = LOCALIZED.sub("", name.strip())
        places = raw if base == name.strip() else localized
        found = key(base)
        if found in places and known(name):
            raise FileRefused(f"Two columns of the header are {name.strip()[:50]}.")
        places[found] = n
        if not known(name) and not names.is_control_information(name):
            unknown[name] = None
    # What a language calls the status is not interpreted.
    localized.pop("certificatestatus", None)
    return localized | raw


def refuse_incomplete(at: dict[str, int], header: Iterable[str]) -> None:
    missing = [n for n in ("ValidFrom", "ValidTo") if key(n) not in at]
    if "thumbprint" not in at and "serialnumber" not in at:
        missing.append("Thumbprint or SerialNumber")
    if missing and "id" not in at:
        found = ", ".join(name[:40] for name in [*header][:20])
        raise FileRefused(
            "The file looks like Intune's report of certificates, of which columns are "
            f"missing: {', '.join(missing)}. It has: {found}."
        )


def as_key(thumbprint: str) -> str:
    """Return a thumbprint without what people put between its digits."""
    if not thumbprint.isalnum():
        thumbprint = SEPARATORS.sub("", thumbprint)
    return thumbprint.upper()


@lru_cache(maxsize=1024)
def is_revoked(status: str) -> bool:
    return folded(status) in REVOKED
