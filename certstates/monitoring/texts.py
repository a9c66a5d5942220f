"""Stored texts on a terminal: on one line, in a known width, without any control."""

import unicodedata
from collections.abc import Iterator

CUT = "…"
# Nagios takes what follows a bar for numbers; others hide in a text what they mean.
ESCAPED = frozenset("|\\")
WIDE = frozenset("WF")


def visible(text: str) -> str:
    """Return a text in which every character stands for itself, or is spelled out."""
    return "".join(
        character
        if character.isprintable() and character not in ESCAPED
        else spelled(character)
        for character in text
    )


def spelled(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def width(text: str) -> int:
    """Return how many columns a terminal gives to it."""
    return sum(map(columns, text))


def columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1


def fitted(text: str, most: int) -> str:
    """Return the text in exactly so many columns: filled up, or cut."""
    if width(text) > most:
        text = "".join(kept(text, most - 1)) + CUT
    return text + " " * (most - width(text))


def kept(text: str, most: int) -> Iterator[str]:
    used = 0
    for character in text:
        used += columns(character)
        if used > most:
            return
        yield character
