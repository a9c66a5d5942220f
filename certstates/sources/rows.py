"""What every kind of file is read into."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from certstates.errors import shown
from certstates.sources.reading import AS_IT_IS, Reading

PASSED_OVER = "These names are no property of a record and are passed over:"
MOST_NAMES = 20  # that a warning lists
MOST_REMARKS = 50
MOST_SHOWN = 128


def printable(text: str) -> str:
    """Return what a file says, fit for a terminal: one line, short, and no commands."""
    return shown("".join(c if c.isprintable() else "?" for c in text[:MOST_SHOWN]))


class FileRefused(Exception):
    """A file that cannot be read; the sentence says why, and where."""


@dataclass(slots=True)  # frozen ones take five times as long to make
class Row:
    """One record of a file: JSON values by their names on the wire.

    ``line`` is where it begins, counted from 1: a line of a text, a row of a sheet.
    A row with ``faults`` could not be read as a record. ``defaults`` are for a new
    record only: what the source does not know is not taken from a record that has it.
    The ``id`` of a row that ``is_derived`` was made of its natural key, so that the
    same row may stand in a file twice.
    """

    line: int
    values: dict[str, Any]
    faults: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    is_derived: bool = False


class Tally:
    """What was remarked of many rows, each remark once with the number of them."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def add(self, what: str, became: str) -> None:
        """Count a row; ``became`` says what was made of ``what`` it has."""
        key = (what, became)
        if key not in self.counts and len(self.counts) >= MOST_REMARKS:
            key = ("Other values", "were treated likewise")
        self.counts[key] = self.counts.get(key, 0) + 1

    @property
    def sentences(self) -> list[str]:
        return [
            f"{printable(what)} in {count:,} row{'s' if count > 1 else ''} {became}."
            for (what, became), count in self.counts.items()
        ]


class Source(ABC):
    """A file that is being read, once, in memory that does not grow.

    ``kind`` names the format for people; ``unknown`` are names that are no property.
    The warnings are complete when the last row was read.
    """

    kind: str
    place = "Line"  # what a row's number counts

    def __init__(self, reading: Reading = AS_IT_IS) -> None:
        self.reading = reading
        self.unknown: dict[str, None] = {}
        self.notes: list[str] = []
        self.tally = Tally()

    @abstractmethod
    def __iter__(self) -> Iterator[Row]: ...

    @property
    def warnings(self) -> list[str]:
        notes = [*self.notes, *self.tally.sentences]
        if not self.unknown:
            return notes
        listed = ", ".join(
            printable(n) or "(none)" for n in [*self.unknown][:MOST_NAMES]
        )
        more = ", …" if len(self.unknown) > MOST_NAMES else ""
        return [*notes, f"{PASSED_OVER} {listed}{more}."]
