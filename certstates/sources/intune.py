"""Intune's reports ``AllDeviceCertificates`` and ``CertificatesByRAPolicy``.

They have neither an id nor a revocation: the id follows from device, certificate and
policy, and a record that exists keeps the status that somebody gave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from certstates.sources import names
from certstates.sources.dates import Dates, Unreadable
from certstates.sources.flags import folded, key_usages
from certstates.sources.identity import derived_id, in_capitals
from certstates.sources.layouts import Columns, of_json
from certstates.sources.reading import Reading
from certstates.sources.rows import MOST_SHOWN, FileRefused, Row, Source, printable

ISSUANCE = "certificateIssuanceDateTime"
EXPIRATION = "certificateExpirationDateTime"
NOWHERE = -1
LONGEST_WORDS = 400  # all nine key usages have half of it; what is read is remembered
STATUS = "certificateRevokeStatus"
USAGES = "certificateKeyUsages"
SERIAL_NUMBER = "certificateSerialNumber"
ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.ASCII)
PROPERTIES = {
    "devicename": "managedDeviceDisplayName",
    "upn": "userPrincipalName",
    "validfrom": ISSUANCE,
    "validto": EXPIRATION,
    "issuername": "certificateIssuerName",
    "subjectname": "certificateSubjectName",
    "serialnumber": SERIAL_NUMBER,
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
    """The report's columns, in any order, case and number.

    ``values_of`` returns a row's values in a list of its own, null for empty ones.
    """

    def __init__(
        self,
        header: Sequence[str],
        source: Source,
        values_of: Callable[[Sequence[Any]], list[Any]],
    ) -> None:
        self.values_of, self.tally = values_of, source.tally
        at = places_of(header, unknown=source.unknown)
        refuse_incomplete(at, header)
        self.parts = [(at[c], name) for c, name in PROPERTIES.items() if c in at]
        self.dates = [
            name
            for name in (ISSUANCE, EXPIRATION)
            if name in [n for _, n in self.parts]
        ]
        self.read_date = Dates(source.reading, in_utc=True).read
        own = of_json(Dates(source.reading))
        self.own = [(at[c], name, own(name)) for c, name in OWN.items() if c in at]
        # A column that is not there has its place behind the others.
        self.usages = at.get("keyusage", NOWHERE)
        self.status = at.get("certificatestatus", NOWHERE)
        self.natural = itemgetter(*(at.get(c, NOWHERE) for c in NATURAL_KEY))
        self.otherwise = itemgetter(*(at.get(c, NOWHERE) for c in OTHERWISE))
        self.defaults = missing(at, source.reading)
        self.with_status = {**self.defaults, STATUS: "none"}

    def row(self, line: int, cells: Sequence[Any]) -> Row:
        cells = self.values_of(cells)
        cells.append(None)
        values = {name: cells[n] for n, name in self.parts}
        faults = self._read_dates(values)
        if not self.own:
            faults += refused_numbers(values)
        else:
            faults += self._read_own(values, cells)
        defaults = self._judged(values, cells)
        if "id" in values:
            return Row(line, values, faults, defaults)
        try:
            values["id"] = self._id(cells)
        except Unreadable as fault:
            faults += (str(fault),)
        return Row(line, values, faults, defaults, is_derived=True)

    def _read_dates(self, values: dict[str, Any]) -> tuple[str, ...]:
        faults: tuple[str, ...] = ()
        for name in self.dates:
            text = values[name]
            if text.__class__ is str and text[10:11] == "T" and text[-1] == "Z":
                continue  # as almost all are
            try:
                values[name] = self.read_date(text)
            except Unreadable as fault:
                faults += (f"{name}: {fault}",)
        return faults

    def _read_own(
        self, values: dict[str, Any], cells: Sequence[Any]
    ) -> tuple[str, ...]:
        """Read what only the own export has; an empty one leaves the record alone."""
        found = [part for part in self.own if cells[part[0]] is not None]
        read, faults = Columns(found).read(cells)
        values.update(read)
        return faults

    def _judged(self, values: dict[str, Any], cells: Sequence[Any]) -> dict[str, Any]:
        """Read status and usages; return what the row leaves to the record there is."""
        defaults = self.defaults
        status, usages = cells[self.status], cells[self.usages]
        if STATUS not in values:
            if status is not None and is_revoked(str(status)[:LONGEST_WORDS]):
                values[STATUS] = "revoked"
            else:
                defaults = self.with_status
                if status is not None:
                    what = f"CertificateStatus: {str(status)[: MOST_SHOWN // 2]!r}"
                    self.tally.add(what, "tells of no revocation")
        if self.usages != NOWHERE:
            number = None if usages is None else key_usages(str(usages)[:LONGEST_WORDS])
            if usages is None or number is not None:
                values[USAGES] = number
            else:
                defaults = {**defaults, USAGES: None}
                what = f"KeyUsage: {str(usages)[: MOST_SHOWN // 2]!r}"
                self.tally.add(what, "was not understood, and left out")
        return defaults

    def _id(self, cells: Sequence[Any]) -> str:
        """Return the id that follows from what tells a certificate on a device."""
        device, thumbprint, policy = self.natural(cells)
        device, policy = in_small(device), in_small(policy)
        thumbprint = in_capitals(thumbprint) if isinstance(thumbprint, str) else None
        try:
            if device and thumbprint:
                return derived_id("intune", device, thumbprint, policy)
            others = self.otherwise(cells)
            if thumbprint or others[SERIAL]:
                return derived_id("intune", device, thumbprint, policy, *others)
        except TypeError:
            raise Unreadable("Its natural key is no text.") from None
        raise Unreadable(
            "Neither Thumbprint nor SerialNumber has a value, so the certificate could "
            "not be told from others."
        )


def refused_numbers(values: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a number that Excel has saved."""
    serial = values.get(SERIAL_NUMBER)
    if not isinstance(serial, str) or "E+" not in serial:
        return ()
    fault = (
        f"{SERIAL_NUMBER}: {serial[:50]!r} is a number that Excel has rounded. Bring "
        "the file as it was downloaded."
    )
    return (fault,) if ROUNDED.fullmatch(serial) else ()


def missing(at: dict[str, int], reading: Reading) -> dict[str, Any]:
    """Return what new records have for columns that the file has not."""
    told = {
        "managedDeviceDisplayName": reading.device,
        "userPrincipalName": reading.user,
    }
    columns = {**PROPERTIES, "keyusage": USAGES}
    return {name: told.get(name) for c, name in columns.items() if c not in at}


def places_of(header: Sequence[str], *, unknown: dict[str, None]) -> dict[str, int]:
    """Return where each known column stands; a raw one wins over its ``_loc``."""
    raw: dict[str, int] = {}
    localized: dict[str, int] = {}
    for n, name in enumerate(header):
        base = LOCALIZED.sub("", name.strip())
        places = raw if base == name.strip() else localized
        found = key(base)
        if found in places and known(name):
            raise FileRefused(
                f"Two columns of the header are {printable(name.strip()[:50])}."
            )
        places[found] = n
        names.note_unknown(name, base if known(name) else None, unknown)
    # What a language calls the status is not interpreted.
    localized.pop("certificatestatus", None)
    return localized | raw


def refuse_incomplete(at: dict[str, int], header: Iterable[str]) -> None:
    missing = [n for n in ("ValidFrom", "ValidTo") if key(n) not in at]
    if "thumbprint" not in at and "serialnumber" not in at:
        missing.append("Thumbprint or SerialNumber")
    if missing and "id" not in at:
        found = ", ".join(printable(name[:40]) for name in [*header][:20])
        raise FileRefused(
            "The file looks like Intune's report of certificates, of which columns are "
            f"missing: {', '.join(missing)}. It has: {found}."
        )


def in_small(guid: Any) -> Any:
    """Return a GUID in the letters that Intune writes; other tools change them."""
    return guid.lower() if isinstance(guid, str) else guid


@lru_cache(maxsize=1024)
def is_revoked(status: str) -> bool:
    return folded(status) in REVOKED
