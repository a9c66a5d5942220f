"""The vocabulary of questions about changes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform

if TYPE_CHECKING:
    from certstates.models.history import StateEvent


class Door(models.TextChoices):
    """The way by which a change came in."""

    API = "api", "API"
    ADMIN = "admin", "admin"
    IMPORT = "import", "import"
    COMMAND = "command", "command"
    MIGRATION = "migration", "migration"
    SQL = "sql", "SQL"

    @classmethod
    def of(cls, name: object) -> Door:
        """Return the door of this name; what says nothing of itself came by SQL."""
        return cls(name) if name in cls.values else cls.SQL


class Kind(models.TextChoices):
    """What a change did to the record as a whole."""

    INSERT = "insert", "created"
    UPDATE = "update", "changed"
    DELETE = "delete", "deleted"


# Who made a change and how it came in, as two indexes have them.
WHO = KeyTextTransform("who", "pgh_context")
DOOR = models.Case(
    models.When(
        pgh_context__door__in=[*Door.values],
        then=KeyTextTransform("door", "pgh_context"),
    ),
    default=models.Value(Door.SQL.value),
    output_field=models.TextField(),
)


class StateEventQuerySet(models.QuerySet["StateEvent"]):
    def of_record(self, id: str | OuterRef) -> Self:
        """Return all that became of a record, the newest first."""
        return self.filter(pgh_obj=id).order_by("-pgh_id")

    def of_batch(self, batch: uuid.UUID) -> Self:
        """Return all that one request or command did, in its order."""
        return self.filter(pgh_context_id=batch).order_by("pgh_id")

    def since(self, id: str, seen: dt.datetime | int) -> Self:
        """Return what became of a record since then, in its order.

        ``seen`` is the number of the newest change known (``newest_of``) or a moment.
        The number misses nothing. A change bears the moment at which its transaction
        *began*, so a moment misses what a long transaction wrote later.
        """
        events = self.filter(pgh_obj=id).order_by("pgh_id")
        if isinstance(seen, int):
            return events.filter(pgh_id__gt=seen)
        return events.filter(pgh_created_at__gt=seen)

    def newest_of(self, id: str) -> int:
        """Return the number of a record's newest change; 0 if none is known."""
        return self.of_record(id).values_list("pgh_id", flat=True).first() or 0

    def compared(self) -> list[StateEvent]:
        """Return these events, each with the one before it on the same record.

        The two cost two queries, however many events there are.
        """
        earlier = StateEventQuerySet(self.model).of_record(OuterRef("pgh_obj"))
        earlier = earlier.filter(pgh_id__lt=OuterRef("pgh_id"))
        before = Subquery(earlier.values("pgh_id")[:1])
        events = [*self.annotate(before_id=before)]
        numbers = {event.before_id for event in events if event.before_id}
        known = self.model.objects.in_bulk(numbers - {e.pk for e in events})
        known |= {event.pk: event for event in events}
        for event in events:
            event.before = known.get(event.before_id)
        return events

    def shared(self) -> Self:
        """Return only events whose request did something to other records too."""
        others = StateEventQuerySet(self.model).filter(
            pgh_context_id=OuterRef("pgh_context_id")
        )
        return self.filter(Exists(others.exclude(pgh_obj=OuterRef("pgh_obj"))))
