"""People and machines, and the devices that are theirs."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from certstates.seeding.firms import FIRMS, Firm, Lines
from certstates.seeding.names import NAMES, PersonName
from certstates.seeding.weighted import Weighted


class Person(NamedTuple):
    """An employee; the alias is what stands before the @ of the address."""

    firm: Firm
    name: PersonName
    alias: str

    @property
    def principal_name(self) -> str:
        return f"{self.alias}@{self.firm.domain}"


class Device(NamedTuple):
    """A thing with certificates; a machine is nobody's."""

    firm: Firm
    name: str
    user: Person | None = None

    @property
    def lines(self) -> Lines:
        return self.firm.for_people if self.user else self.firm.for_machines


def devices(chance: Random) -> Iterator[Device]:
    """Yield devices without end; those of one person follow each other."""
    for name, alias in names(chance):
        firm = FIRMS.draw(chance)
        if chance.random() < SHARE_OF_MACHINES:
            yield Device(firm, MACHINES.draw(chance)(firm, chance))
        person = Person(firm, name, alias)
        for _ in range(DEVICES_OF_A_PERSON.draw(chance)):
            device = PERSONAL_DEVICES.draw(chance)
            yield Device(firm, device(person, chance), person)


def names(chance: Random) -> Iterator[tuple[PersonName, str]]:
    """Yield names and aliases, mixed and without end; no alias comes twice.

    Where a name comes again, a middle initial tells two people apart, then a number.
    """
    mixed = chance.sample(NAMES, len(NAMES))
    for number in itertools.count(1):
        for initial in ("", *string.ascii_lowercase):
            for name in mixed:
                words = [name.first.in_address, initial, name.last.in_address]
                alias = ".".join(filter(None, words))
                yield name, alias if number == 1 else f"{alias}{number}"


def code(chance: Random, length: int) -> str:
    return "".join(chance.choices(string.digits + string.ascii_uppercase, k=length))


def laptop(person: Person, chance: Random) -> str:
    return f"LAPTOP-{code(chance, 7)}"


def desktop(person: Person, chance: Random) -> str:
    return f"DESKTOP-{code(chance, 7)}"


def numbered(person: Person, chance: Random) -> str:
    return f"{person.firm.country}-NB-{chance.randrange(10**6):06}"


def iphone(person: Person, chance: Random) -> str:
    return f"{person.name.first.displayed}\N{RIGHT SINGLE QUOTATION MARK}s iPhone"


def ipad(person: Person, chance: Random) -> str:
    return f"iPad ({person.name.displayed})"


def android(person: Person, chance: Random) -> str:
    month, day = chance.randint(1, 12), chance.randint(1, 28)
    hour, minute = chance.randint(1, 12), chance.randrange(60)
    moment = f"{month}/{day}/2025_{hour}:{minute:02} {chance.choice(['AM', 'PM'])}"
    return f"{person.alias}_AndroidForWork_{moment}"


def mac(person: Person, chance: Random) -> str:
    return f"MBP-{person.name.last.in_address}-{code(chance, 4)}"


def server(firm: Firm, chance: Random) -> str:
    return f"{chance.choice(ROLES)}-{chance.randrange(1000):03}.{firm.domain}"


def kiosk(firm: Firm, chance: Random) -> str:
    return f"KIOSK-{chance.choice(PLACES)}-{chance.randint(1, 99):02}"


def printer(firm: Firm, chance: Random) -> str:
    return f"PRT{chance.randrange(10**5):05}"


def sensor(firm: Firm, chance: Random) -> str:
    return f"SENSOR-{chance.getrandbits(16):04X}"


ROLES = ["web", "sql", "ldap", "mail", "vpn", "build", "files", "proxy"]
PLACES = ["LOBBY", "CANTEEN", "WAREHOUSE", "DOCK", "RECEPTION", "LAB"]

SHARE_OF_MACHINES = 0.22
DEVICES_OF_A_PERSON = Weighted([(1, 60), (2, 32), (3, 8)])
PERSONAL_DEVICES: Weighted[Callable[[Person, Random], str]] = Weighted(
    [
        (laptop, 36),
        (desktop, 18),
        (iphone, 16),
        (android, 11),
        (numbered, 10),
        (mac, 6),
        (ipad, 3),
    ]
)
MACHINES: Weighted[Callable[[Firm, Random], str]] = Weighted(
    [(server, 50), (kiosk, 15), (printer, 15), (sensor, 20)]
)
