"""The vocabulary of questions about changes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.fields.tuple_lookups import Tuple
from django.db.models.lookups import GreaterThan, LessThan, LessThanOrEqual

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


LARGEST_NUMBER = 2**63 - 1
BATCH_PLACE = Tuple("pgh_context_id", "pgh_id")


def place_of(batch: uuid.UUID, number: int) -> Tuple:
    """Return a place in the index of batches."""
    return Tuple(
        models.Value(batch, models.UUIDField()),
        models.Value(number, models.BigIntegerField()),
    )


class StateEventQuerySet(models.QuerySet["StateEvent"]):
    def of_record(self, id: str | OuterRef) -> Self:
        """Return all that became of a record, the newest first."""
        return self.filter(pgh_obj=id).order_by("-pgh_id")

    def of_batch(self, batch: uuid.UUID, *, after: int = 0) -> Self:
        """Return what one request or command did, in its order, from a place on.

        The places of an index are named: of a mere "equals", PostgreSQL may think that
        so large a batch is found as fast by reading all changes from the first one.
        """
        return self.in_index_of_batches(
            GreaterThan(BATCH_PLACE, place_of(batch, after)),
            LessThanOrEqual(BATCH_PLACE, place_of(batch, LARGEST_NUMBER)),
        ).order_by("pgh_context_id", "pgh_id")

    def in_index_of_batches(self, *conditions: models.Lookup[Any]) -> Self:
        return self.filter(*conditions, pgh_context_id__isnull=False)

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
        """Return only events whose request did something else too.

        That is so if a neighbour in the index of requests is of the same one. (A mere
        "is there another?" would have PostgreSQL read all, where one request did much.)
        """
        events = StateEventQuerySet(self.model)
        mine = Tuple(OuterRef("pgh_context_id"), OuterRef("pgh_id"))
        after = events.in_index_of_batches(GreaterThan(BATCH_PLACE, mine))
        after = after.order_by("pgh_context_id", "pgh_id")
        before = events.in_index_of_batches(LessThan(BATCH_PLACE, mine))
        before = before.order_by("-pgh_context_id", "-pgh_id")
        neighbours = [
            Subquery(each.values("pgh_context_id")[:1]) for each in (after, before)
        ]
        return self.filter(pgh_context_id__in=neighbours)
