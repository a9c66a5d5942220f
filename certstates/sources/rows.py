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


class FileRefused(Exception):
    """A file that cannot be read; the sentence says why, and where."""


@dataclass(frozen=True)
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

    @abstractmethod
    def __iter__(self) -> Iterator[Row]: ...

    @property
    def warnings(self) -> list[str]:
        if not self.unknown:
            return self.notes
        listed = ", ".join(shown(n) or "(none)" for n in [*self.unknown][:MOST_NAMES])
        more = ", …" if len(self.unknown) > MOST_NAMES else ""
        return [*self.notes, f"{PASSED_OVER} {listed}{more}."]
