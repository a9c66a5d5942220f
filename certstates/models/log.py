"""The log of all changes: the newest first, narrowed, and a page at a time."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan

from certstates.models.events import DOOR, WHO, Door, Kind, StateEventQuerySet
from certstates.models.history import StateEvent

NEWEST_FIRST = ("-pgh_created_at", "-pgh_id")


class Place(NamedTuple):
    """Where a page of the log ended."""

    moment: dt.datetime
    number: int


@dataclass(frozen=True)
class Log:
    """Which changes are asked for; what is empty narrows nothing.

    Without an author, each door and each kind is a branch of one index, and the log is
    what comes first in all of them. So a rare kind is found as fast as a frequent one.
    """

    who: str = ""
    door: str = ""
    kind: str = ""
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    ids: tuple[str, ...] | None = None  # of records; few

    def page(self, size: int, after: Place | None = None) -> list[StateEvent]:
        """Return the next events, each ``compared``."""
        if self.ids is not None and not self.ids:
            return []
        branches = [
            branch.order_by(*NEWEST_FIRST).values_list("pgh_created_at", "pgh_id")[
                :size
            ]
            for branch in self._branches(self._narrowed(after))
        ]
        first, *others = branches
        merged = first.union(*others, all=True) if others else first
        places = [*(merged.order_by(*NEWEST_FIRST)[:size] if others else merged)]
        found = StateEvent.objects.filter(pgh_id__in=[number for _, number in places])
        return found.order_by(*NEWEST_FIRST).compared()

    def _narrowed(self, after: Place | None) -> StateEventQuerySet:
        events: StateEventQuerySet = StateEvent.objects.all()
        if self.start:
            events = events.filter(pgh_created_at__gte=self.start)
        if self.end:
            events = events.filter(pgh_created_at__lt=self.end)
        if after:
            place = Tuple("pgh_created_at", "pgh_id")
            events = events.filter(TupleLessThan(place, tuple(after)))
        return events

    def _branches(self, events: StateEventQuerySet) -> list[StateEventQuerySet]:
        kinds = [self.kind] if self.kind else Kind.values
        doors = [self.door] if self.door else Door.values
        if self.who:
            events = events.alias(who=WHO).filter(who=self.who)
            events = events.filter(pgh_context__isnull=False)
        events = events.alias(door=DOOR)
        if self.ids is not None:
            return [
                events.filter(pgh_obj__in=self.ids, pgh_label__in=kinds, door__in=doors)
            ]
        if self.who:
            narrowed = events.filter(door=self.door) if self.door else events
            return [narrowed.filter(pgh_label=kind) for kind in kinds]
        return [
            events.filter(door=door, pgh_label=kind)
            for door, kind in itertools.product(doors, kinds)
        ]
