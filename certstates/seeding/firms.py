"""Firms, and the authorities that certify their devices: a few large, many small."""

from __future__ import annotations

from typing import NamedTuple

from certstates.seeding.weighted import Weighted

CLIENT = "Client Authentication (1.3.6.1.5.5.7.3.2)"
SERVER = "Server Authentication (1.3.6.1.5.5.7.3.1)"
EMAIL = "Secure Email (1.3.6.1.5.5.7.3.4)"
IKE = "IP security IKE intermediate (1.3.6.1.5.5.8.2.2)"
LOGON = "Smart Card Logon (1.3.6.1.4.1.311.20.2.2)"
FILES = "Encrypting File System (1.3.6.1.4.1.311.10.3.4)"


class Purpose(NamedTuple):
    """What a certificate is for: the usages that are found, often ones repeated."""

    key_usages: list[int | None]
    extended_key_usages: list[str]
    names_person: bool = False


DEVICE = Purpose([160, 160, 160, 160, 128, 3], [CLIENT])
WIFI = Purpose([160, 160, 160, 128, 3], [CLIENT, CLIENT, f"{CLIENT}, {SERVER}"])
VPN = Purpose([160, 160, 128, None], [CLIENT, f"{CLIENT}, {IKE}"])
MAIL = Purpose([32, 32, 160, 128], [EMAIL, EMAIL, f"{EMAIL}, {CLIENT}"], True)
USER = Purpose(
    [160, 160, 3], [f"{CLIENT}, {LOGON}", f"{CLIENT}, {EMAIL}, {FILES}"], True
)
HTTPS = Purpose([160, 160, 32, None], [SERVER, f"{SERVER}, {CLIENT}"])

QUARTER, YEAR, TWO_YEARS = 90, 365, 730
EVER = 1_000_000  # days


class Line(NamedTuple):
    """Authorities that followed each other in one task.

    ``authorities`` are their names, the newest first, each with the number of days
    for which it has certified, or had when the line was ``closed`` so many days ago.
    """

    weight: float
    purpose: Purpose
    lifetime: int
    authorities: dict[str, int]
    closed: int = 0

    def authority(self, age: float) -> str:
        """Return who certified so many days ago."""
        return next(name for name, days in self.authorities.items() if age <= days)


class Lines(Weighted[Line]):
    """The lines that a firm uses, drawn by their weights."""

    def __init__(self, *lines: Line) -> None:
        super().__init__((line, line.weight) for line in lines)


class Firm(NamedTuple):
    """An employer; its name is written as a distinguished name needs it."""

    domain: str
    name: str
    country: str
    for_people: Lines
    for_machines: Lines


def contoso(name: str) -> str:
    return f"CN=Contoso {name}, O=Contoso, C=PT"


def fabrikam(name: str) -> str:
    return f"CN=Fabrikam {name}, DC=fabrikam, DC=example"


def halvorsen(name: str) -> str:
    return f'CN={name}, O="Halvorsen Shipping, AS", C=NO'


def hoshizora(name: str) -> str:
    return f"CN=星空 {name}, O=星空株式会社, C=JP"


CONTOSO_STAFF = Lines(
    Line(
        50,
        DEVICE,
        YEAR,
        {
            contoso("Issuing CA 3"): 200,
            contoso("Issuing CA 2"): 800,
            contoso("Issuing CA 1"): EVER,
        },
    ),
    Line(24, WIFI, YEAR, {contoso("Wi-Fi CA 2"): 420, contoso("Wi-Fi CA"): EVER}),
    Line(8, VPN, QUARTER, {contoso("VPN CA 4"): 75, contoso("VPN CA 3"): EVER}),
    Line(
        11,
        MAIL,
        TWO_YEARS,
        {
            contoso("S/MIME CA G3"): 500,
            contoso("S/MIME CA G2"): 1400,
            contoso("S/MIME CA G1"): EVER,
        },
    ),
    Line(5, USER, YEAR, {contoso("Users CA"): EVER}),
    Line(2, DEVICE, YEAR, {"CN=Wingspan Legacy CA, O=Wingspan": EVER}, closed=420),
    Line(0.3, USER, QUARTER, {contoso("Pilot CA (do not use)"): EVER}),
)
CONTOSO_MACHINES = Lines(
    Line(6, HTTPS, QUARTER, {contoso("Server CA E2"): 60, contoso("Server CA"): EVER}),
    Line(3, WIFI, TWO_YEARS, {contoso("Things CA"): EVER}),
    Line(1, HTTPS, TWO_YEARS, {"CN=Contoso Root 2003": EVER}, closed=800),
)
FABRIKAM_STAFF = Lines(
    Line(
        8,
        DEVICE,
        TWO_YEARS,
        {fabrikam("Device CA 2"): 600, fabrikam("Device CA"): EVER},
    ),
    Line(2, MAIL, YEAR, {fabrikam("Mail CA"): EVER}),
)
FABRIKAM_MACHINES = Lines(Line(1, HTTPS, YEAR, {fabrikam("Gerätestraße CA"): EVER}))
HALVORSEN_STAFF = Lines(
    Line(9, DEVICE, YEAR, {halvorsen("Fleet CA"): EVER}),
    Line(1, VPN, QUARTER, {halvorsen("Shore VPN CA"): EVER}),
)
HALVORSEN_MACHINES = Lines(Line(1, WIFI, TWO_YEARS, {halvorsen("Vessel CA"): EVER}))
HOSHIZORA_STAFF = Lines(
    Line(1, WIFI, YEAR, {hoshizora("発行局 2"): 300, hoshizora("発行局 1"): EVER})
)
HOSHIZORA_MACHINES = Lines(Line(1, HTTPS, YEAR, {hoshizora("サーバー認証局"): EVER}))

CONTOSO = Firm("contoso.example", "Contoso", "PT", CONTOSO_STAFF, CONTOSO_MACHINES)
FABRIKAM = Firm(
    "fabrikam.example", "Fabrikam GmbH", "DE", FABRIKAM_STAFF, FABRIKAM_MACHINES
)
HALVORSEN = Firm(
    "halvorsen.example",
    '"Halvorsen Shipping, AS"',
    "NO",
    HALVORSEN_STAFF,
    HALVORSEN_MACHINES,
)
HOSHIZORA = Firm(
    "hoshizora.example", "星空株式会社", "JP", HOSHIZORA_STAFF, HOSHIZORA_MACHINES
)
FIRMS = Weighted([(CONTOSO, 64), (FABRIKAM, 22), (HALVORSEN, 9), (HOSHIZORA, 5)])
