"""What becomes of each row of a file, in words for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "update"
    UNCHANGED = "skip"
    REFUSED = "invalid"


class OnConflict(StrEnum):
    """What a row means for a record that exists and differs."""

    SKIP = "skip"  # it stays as it is
    UPDATE = "update"  # it becomes what the row says
    FAIL = "fail"  # the row is refused


@dataclass(frozen=True)
class Change:
    """One property of one record, as the API prints it."""

    name: str
    old: Any
    new: Any


@dataclass
class Verdict:
    """What becomes of one row.

    ``values`` are the row's own by their names on the wire: as they were read where it
    is refused, and otherwise as the API would print them. The ``id`` is empty where the
    row has none that could be one.
    """

    line: int
    kind: Kind = Kind.REFUSED
    id: str = ""
    device: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return what people know the record by; a certificate names no device."""
        subject = self.values.get("certificateSubjectName")
        return self.device or subject or "(no device)"

    @property
    def user(self) -> str | None:
        """Return the user; a row that knows none has none, and not an empty text."""
        user: str | None = self.values.get("userPrincipalName")
        return user

    @property
    def outline(self) -> bytes:
        """Return what tells it from any other end of the same row."""
        return orjson.dumps([self.kind, self.id, self.changes, self.faults])
