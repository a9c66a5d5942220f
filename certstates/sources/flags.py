"""Key usages by their names, as the number that Graph has for them."""

import re
from functools import lru_cache

from certstates.usages import DOTNET

WHOLE_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
NUMBER_BEHIND = re.compile(
    r"\s*\([0-9a-f]{1,2}(?:[ ,][0-9a-f]{2})?\)\s*$", re.IGNORECASE
)
BETWEEN = re.compile(r"[,;|+/&\n]+")
NO_LETTERS = re.compile(r"[^a-z]+")
# What else they are called: RFC 5280's names, Windows' dialogues, older standards.
ALSO_CALLED = {
    "none": 0,
    "crlsign": 2,
    "offlinecrlsigning": 2,
    "keycertsign": 4,
    "contentcommitment": 64,
}


def folded(name: str) -> str:
    return NO_LETTERS.sub("", name.lower())


FLAGS = {folded(name): bit for bit, name in DOTNET.items()} | ALSO_CALLED


@lru_cache(maxsize=1024)
def key_usages(text: str) -> int | None:
    """Return the number, or that of the names (.NET's flags); nothing for others."""
    if WHOLE_NUMBER.fullmatch(text.strip()):
        return int(text)
    names = NUMBER_BEHIND.sub("", text)
    for parts in (BETWEEN.split(names), names.split()):
        bits = [FLAGS.get(folded(part)) for part in parts if part.strip()]
        if bits and None not in bits:
            return sum({bit for bit in bits if bit})
    return None
