"""What became of each record, written by PostgreSQL's own triggers.

Triggers see what every door does: the API, the admin, an import, a bulk UPDATE, COPY
and raw SQL. ``certstates.history`` says how a change learns who made it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pghistory
import pgtrigger
from django.db import models
from pghistory.models import Event

from certstates.models.events import DOOR, WHO, Door, Kind, StateEventQuerySet
from certstates.models.states import ManagedAllDeviceCertificateState

# An id does not change. When a record came is no property of Graph's, but has to be
# known to bring a deleted one back.
TRACKED = [*ManagedAllDeviceCertificateState.GRAPH_PROPERTIES[1:], "created_at"]
FIELDS: dict[str, models.Field[Any, Any]] = {
    field.name: field
    for field in ManagedAllDeviceCertificateState._meta.fields
    if field.name in TRACKED
}
# Only raw SQL gives a record another id: one record ends there, and another begins.
RENAMED = pgtrigger.Condition("OLD.id <> NEW.id")
CHANGED = pgtrigger.Condition(
    f"OLD.id = NEW.id AND ({', '.join(f'OLD.{name}' for name in TRACKED)})"
    f" IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in TRACKED)})"
)


class NumberedEvent(Event):
    """An event with a number that does not end at two thousand million."""

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


class StateEvent(
    pghistory.create_event_model(  # type: ignore[misc]
        ManagedAllDeviceCertificateState,
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=CHANGED),
        pghistory.DeleteEvent(),
        pghistory.RowEvent(
            "insert",
            operation=pgtrigger.Update,
            row=pghistory.New,
            condition=RENAMED,
            trigger_name="insert_renamed",
        ),
        pghistory.RowEvent(
            "delete",
            operation=pgtrigger.Update,
            row=pghistory.Old,
            condition=RENAMED,
            trigger_name="delete_renamed",
        ),
        fields=TRACKED,
        obj_field=pghistory.ObjForeignKey(related_name="+", db_index=False),
        context_field=pghistory.ContextJSONField(),
        context_id_field=pghistory.ContextUUIDField(),
        base_model=NumberedEvent,
        abstract=True,
    )
):
    """One change of one record: the record as it was afterwards (or, of a record that
    was deleted, before).

    ``pgh_label`` is ``insert``, ``update`` or ``delete``. ``pgh_context_id`` is one for
    all that a request or a command changed; of a request it is the ``request-id``.
    ``pgh_context`` has ``door`` and ``who``, perhaps ``reason``; it is null where the
    database was written to directly.
    """

    pgh_context: dict[str, Any] | None
    before_id: int | None  # of events that are ``compared``
    before: StateEvent | None

    objects = StateEventQuerySet.as_manager()

    class Meta:
        verbose_name = "change"
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]
        indexes = [
            # "What became of this record?"
            models.Index("pgh_obj", "pgh_id", name="certstates_event_record"),
            # "What else did this request change?"
            models.Index(
                "pgh_context_id",
                "pgh_id",
                name="certstates_event_context",
                condition=models.Q(pgh_context_id__isnull=False),
            ),
            # "What came in by this door, of this kind, lately?": the log of all
            # changes, and the newest of them. Kind and door are few, so that the log
            # of all is read from the ends of a dozen branches of this one index.
            models.Index(
                DOOR,
                "pgh_label",
                "pgh_created_at",
                "pgh_id",
                name="certstates_event_door",
            ),
            # "What did this person or client do?" What raw SQL did is not in it.
            models.Index(
                WHO,
                "pgh_label",
                "pgh_created_at",
                "pgh_id",
                name="certstates_event_who",
                condition=models.Q(pgh_context__isnull=False),
            ),
        ]

    @property
    def kind(self) -> Kind:
        return Kind(self.pgh_label)

    @property
    def told(self) -> dict[str, Any]:
        """Return what the writer said of itself; SQL can say what is no object."""
        context: Any = self.pgh_context
        return context if isinstance(context, dict) else {}

    @property
    def door(self) -> Door:
        """Return the door; what says nothing of itself came by SQL."""
        return Door.of(self.told.get("door"))

    @property
    def who(self) -> str:
        """Return the name of the staff user, the API's client or the command."""
        return str(self.told.get("who", ""))

    @property
    def reason(self) -> str:
        return str(self.told.get("reason", ""))

    @property
    def undoes(self) -> uuid.UUID | None:
        """Return the id of the batch that this change took back, if it did."""
        try:
            return uuid.UUID(self.told.get("undoes"))
        except (AttributeError, TypeError, ValueError):
            return None

    @property
    def differences(self) -> list[Difference]:
        """Return which fields this change touched; it must be ``compared``.

        A record that was created had nothing before, and a deleted one has nothing
        afterwards.
        """
        old = self if self.kind == Kind.DELETE else self.before
        if self.kind == Kind.INSERT:
            old = None
        new = None if self.kind == Kind.DELETE else self
        return [*differences(old, new)]

    def __str__(self) -> str:
        return f"{self.pgh_label} of {self.pgh_obj_id}"


class Difference(NamedTuple):
    """What a change did to one field."""

    field: models.Field[Any, Any]
    old: Any
    new: Any


def differences(old: StateEvent | None, new: StateEvent | None) -> Iterator[Difference]:
    """Compare two states of a record; nothing is a state of null fields only."""
    for name in TRACKED:
        was, became = getattr(old, name, None), getattr(new, name, None)
        if was != became:
            yield Difference(FIELDS[name], was, became)
