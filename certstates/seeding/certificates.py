"""The certificates of devices: by whom, when, and what became of them."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from certstates.models import (
    FIRST_MOMENT,
    LAST_MOMENT,
    ManagedAllDeviceCertificateState,
    RevocationStatus,
)
from certstates.seeding.devices import Device, devices
from certstates.seeding.firms import Line
from certstates.seeding.weighted import Weighted

Row = dict[str, Any]

DAY = 24 * 60 * 60  # seconds
LINES_OF_A_DEVICE = Weighted([(1, 62), (2, 28), (3, 10)])
RENEWALS = Weighted([(0, 88), (1, 9), (2, 2), (3, 1)])
# A certificate is replaced so long before it expires, at most; seconds.
OVERLAP = 30 * DAY
# Some certificates expired and were never replaced: their device is gone.
UNREPLACED = 1.07
STATUSES = Weighted(
    [
        (RevocationStatus.NONE, 93.5),
        (RevocationStatus.PENDING, 0.5),
        (RevocationStatus.ISSUED, 0.5),
        (RevocationStatus.FAILED, 0.5),
        (RevocationStatus.REVOKED, 5),
    ]
)
LONGEST_OPEN = 200 * DAY

SHARE_WITH_A_NULL = 0.03
NULLABLE = [
    field.attname
    for field in ManagedAllDeviceCertificateState._meta.concrete_fields
    if field.null
]
SHARE_OF_ODDITIES = 0.002
# Legal, and found: what other programs wrote, or somebody typed.
ODDITIES: list[Row] = [
    {"certificate_expiration_date_time": LAST_MOMENT},
    {"certificate_expiration_date_time": FIRST_MOMENT},
    {
        "certificate_expiration_date_time": FIRST_MOMENT,
        "certificate_issuance_date_time": FIRST_MOMENT,
        "certificate_revoke_status_last_change_date_time": FIRST_MOMENT,
    },
    {"certificate_subject_name": "CN=<script>alert(1)</script>"},
    {"certificate_subject_name": f"CN=a-{'very-' * 300}long-name"},
    {"certificate_subject_name": "", "user_principal_name": ""},
    {"managed_device_display_name": 'tab\t, line\nend, "quote", \\N and \\.'},
    {"managed_device_display_name": "=1+1", "certificate_extended_key_usages": ""},
    {"certificate_key_usages": -(2**31), "certificate_issuer_name": ""},
]

DEPARTMENTS = ["Finance", "Field Service", "R&D", "Logistics", "IT", "Verkauf"]
PERSONAL_SUBJECTS = Weighted(
    [
        ("E={upn}, CN={person}, O={firm}, C={country}", 4),
        ("CN={person}, OU={department}, O={firm}, C={country}", 4),
        ("CN={upn}", 2),
    ]
)
DEVICE_SUBJECTS = Weighted(
    [
        ("CN={device}", 60),
        ("CN={device}, O={firm}", 15),
        ("CN={device}, OU=Devices, O={firm}, C={country}", 10),
        ("CN={guid}", 15),
    ]
)


def plain(number: bytes) -> str:
    return number.hex().upper()


def lower(number: bytes) -> str:
    return number.hex()


def with_colons(number: bytes) -> str:
    return number.hex(":")


THUMBPRINT_SPELLINGS = Weighted([(plain, 97), (lower, 3)])
# How many octets, and how they are written.
SERIAL_NUMBERS: Weighted[tuple[int, Callable[[bytes], str]]] = Weighted(
    [
        ((19, plain), 58),
        ((16, plain), 19),
        ((20, plain), 10),
        ((8, plain), 8),
        ((2, plain), 1),
        ((16, lower), 2),
        ((20, with_colons), 2),
    ]
)


class Certificates:
    """Certificates without end, as chance has them, seen from a moment."""

    def __init__(self, chance: Random, now: dt.datetime) -> None:
        self.chance = chance
        self.now = now

    def __iter__(self) -> Iterator[Row]:
        for device in devices(self.chance):
            for _ in range(LINES_OF_A_DEVICE.draw(self.chance)):
                for row in self.succession(device, device.lines.draw(self.chance)):
                    self.spoil(row)
                    yield row

    def succession(self, device: Device, line: Line) -> Iterator[Row]:
        """Yield a certificate and those before it, each replaced in time."""
        lifetime = line.lifetime * DAY
        subject = self.subject(device, line)
        age = line.closed * DAY + int(self.chance.random() * lifetime * UNREPLACED)
        for _ in range(1 + RENEWALS.draw(self.chance)):
            yield self.certificate(device, line, subject, age)
            age += lifetime - int(self.chance.random() * OVERLAP)

    def certificate(self, device: Device, line: Line, subject: str, age: int) -> Row:
        """Return a row of a certificate that was issued so many seconds ago."""
        draw = self.chance.choice
        status = STATUSES.draw(self.chance)
        issued = self.now - dt.timedelta(seconds=age)
        return {
            "certificate_revoke_status": status.value,
            "certificate_revoke_status_last_change_date_time": self.now
            - dt.timedelta(seconds=self.last_change(status, age, line)),
            "managed_device_display_name": device.name,
            "user_principal_name": device.user and device.user.principal_name,
            "certificate_expiration_date_time": issued
            + dt.timedelta(days=line.lifetime),
            "certificate_issuer_name": line.authority(age / DAY),
            "certificate_thumbprint": self.thumbprint(),
            "certificate_serial_number": self.serial_number(),
            "certificate_subject_name": subject,
            "certificate_key_usages": draw(line.purpose.key_usages),
            "certificate_extended_key_usages": draw(line.purpose.extended_key_usages),
            "certificate_issuance_date_time": issued,
        }

    def last_change(self, status: RevocationStatus, age: int, line: Line) -> float:
        """Return how many seconds ago the status changed: never before the issue."""
        if status == RevocationStatus.NONE:
            return age
        if status == RevocationStatus.REVOKED:
            expired = max(0, age - line.lifetime * DAY)
            return self.chance.uniform(expired, age)
        # Most are young: each power of ten is as likely as the next.
        exponent = self.chance.uniform(math.log(60), math.log(LONGEST_OPEN))
        return min(age, math.exp(exponent))

    def subject(self, device: Device, line: Line) -> str:
        user, firm = device.user, device.firm
        personal = user and line.purpose.names_person
        subjects = PERSONAL_SUBJECTS if personal else DEVICE_SUBJECTS
        return subjects.draw(self.chance).format(
            device=device.name,
            guid=uuid.UUID(int=self.chance.getrandbits(128)),
            person=user and user.name.displayed,
            upn=user and user.principal_name,
            department=self.chance.choice(DEPARTMENTS),
            firm=firm.name,
            country=firm.country,
        )

    def thumbprint(self) -> str:
        spelled = THUMBPRINT_SPELLINGS.draw(self.chance)
        return spelled(self.chance.randbytes(20))

    def serial_number(self) -> str:
        octets, spelled = SERIAL_NUMBERS.draw(self.chance)
        return spelled(self.chance.randbytes(octets))

    def spoil(self, row: Row) -> None:
        """Make a few rows incomplete, and fewer odd."""
        if self.chance.random() < SHARE_WITH_A_NULL:
            row[self.chance.choice(NULLABLE)] = None
        if self.chance.random() < SHARE_OF_ODDITIES:
            row.update(self.chance.choice(ODDITIES))
