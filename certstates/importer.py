"""Rows of a file become records: what would happen, and then that it happens.

A row with the id of a record changes what it names, as a PATCH would; any other row is
a new record, and must have what a POST must. A row without an id gets one that follows
from what it says, so that the same row is the same record each time. The laws are the
API's serializer and, in it, the model's ``full_clean()``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from django.db import transaction

from certstates.importing.course import Course
from certstates.importing.laws import storable
from certstates.importing.verdicts import Change, Kind, OnConflict, Verdict
from certstates.sources import FileRefused, Row
from certstates.transactions import patient

__all__ = [
    "Change",
    "Course",
    "Kind",
    "NotSaved",
    "OnConflict",
    "Outcome",
    "Verdict",
    "apply",
    "preview",
    "storable",
    "verdicts",
]


def verdicts(
    rows: Iterable[Row],
    *,
    dry_run: bool,
    on_conflict: OnConflict = OnConflict.UPDATE,
    keep_going: bool = False,
) -> Iterator[Verdict]:
    """Yield what becomes of each row; unless it is a ``dry_run``, it is saved by then.

    All rows are read before the first verdict. It belongs into a transaction, by which
    all or nothing is the caller's to keep; unless ``keep_going``, nothing is saved if
    any row is refused.
    """
    course = Course(on_conflict)
    course.stage(rows)
    if dry_run:
        course.judge()
    else:
        course.carry_out(keep_going=keep_going)
    yield from course.verdicts()


@dataclass
class Outcome:
    """What becomes of a whole file. ``digest`` is one for files that end alike."""

    counts: Counter[Kind]
    shown: dict[Kind, list[Verdict]]
    digest: str

    @classmethod
    def of(cls, found: Iterable[Verdict], *, most: int) -> Self:
        """Count all verdicts, and keep the first ``most`` of each kind."""
        counts: Counter[Kind] = Counter()
        shown: dict[Kind, list[Verdict]] = {kind: [] for kind in Kind}
        digest = hashlib.sha256()
        for verdict in found:
            counts[verdict.kind] += 1
            digest.update(verdict.outline)
            if len(shown[verdict.kind]) < most:
                shown[verdict.kind].append(verdict)
        if not counts:
            raise FileRefused("The file has no records.")
        return cls(counts, shown, digest.hexdigest())

    @property
    def is_refused(self) -> bool:
        return bool(self.counts[Kind.REFUSED])

    @property
    def changes_something(self) -> bool:
        return bool(self.counts[Kind.NEW] or self.counts[Kind.CHANGED])


class NotSaved(Exception):
    """An import that would not end as was expected; nothing of it is left."""


def preview(rows: Iterable[Row], *, most: int) -> Outcome:
    """Return what would happen; no record is written, not even for a moment."""
    with transaction.atomic():
        return Outcome.of(verdicts(rows, dry_run=True), most=most)


def apply(rows: Iterable[Row], *, expected: str) -> Outcome:
    """Save all rows or, if it would not end as in the preview of that digest, none."""
    with patient():
        outcome = Outcome.of(verdicts(rows, dry_run=False), most=0)
        if outcome.is_refused or outcome.digest != expected:
            raise NotSaved
    return outcome
