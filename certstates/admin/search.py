"""One search box that knows what was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from certstates.admin.base import WrongParameter
from certstates.models import KEY_LENGTH, CertificateStateQuerySet, digits_of
from certstates.models.lookups import TRIGRAM, has_trigram_index

PARAMETER = "q"
# Hexadecimal digits from here on are hardly a name: a device called by its address has
# 12 or 16. A UUID has 32, a SHA-1 hash 40.
SURELY_DIGITS = 17
# Fewer begin a thousand serial numbers, or none that anybody would look for.
FEWEST_DIGITS = 3

ATTRIBUTE = re.compile(
    r"(CN|OU|O|C|L|S|ST|DC|E|UID|EMAILADDRESS|SERIALNUMBER)\s*=", re.IGNORECASE
)


class Kind(Enum):
    """What a text may be, and how the page says so."""

    DIGITS = "a serial number or thumbprint"
    DEVICE = "a device"
    USER = "a user"
    SUBJECT = "a subject"
    ID = "an id"


@dataclass(frozen=True)
class Interpretation:
    kind: Kind
    text: str


def read(text: str) -> list[Interpretation]:
    """Return everything that a text may mean, the most likely first.

    Whatever it looks like, it may also be an id, which is looked up as it is written.
    """
    words = text.strip()
    if not words:
        return []
    return [*likely(words), Interpretation(Kind.ID, text)]


def likely(words: str) -> list[Interpretation]:
    if "@" in words:
        return [Interpretation(Kind.USER, words)]
    if ATTRIBUTE.match(words):
        return [Interpretation(Kind.SUBJECT, words)]
    digits = digits_of(words).removeprefix("0x")
    is_hex = re.fullmatch("[0-9A-Fa-f]+", digits) and len(digits) >= FEWEST_DIGITS
    found = [Interpretation(Kind.DIGITS, digits)] if is_hex else []
    if is_hex and len(digits) >= SURELY_DIGITS:
        return found
    names = (Kind.DEVICE, Kind.USER, Kind.SUBJECT)
    return [*found, *(Interpretation(kind, words) for kind in names)]


def explained(found: list[Interpretation]) -> str:
    """Return how a text was understood: ``Searched as a user or an id.``"""
    *first, last = (interpretation.kind.value for interpretation in found)
    names = f"{', '.join(first)} or {last}" if first else last
    return f"Searched as {names}."


def searched(queryset: CertificateStateQuerySet, text: str) -> CertificateStateQuerySet:
    """Return the records that a text may mean; all of them for an empty one."""
    if len(text) > KEY_LENGTH:
        raise WrongParameter(
            PARAMETER,
            f"The search takes {KEY_LENGTH} characters at most; {len(text):,} were "
            "given.",
        )
    found = read(text)
    if not found:
        return queryset
    meant = {i.kind.name.lower(): i.text for i in found}
    inside = len(text.strip()) >= TRIGRAM and has_trigram_index()
    return queryset.resembling(meant, inside=inside)
