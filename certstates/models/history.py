"""What became of each record, written by PostgreSQL's own triggers.

Triggers see what every door does: the API, the admin, an import, a bulk UPDATE, COPY
and raw SQL. ``certstates.history`` says how a change learns who made it.
"""

from __future__ import annotations

from typing import Any

import pghistory
import pgtrigger
from django.db import models
from pghistory.models import Event

from certstates.models.states import ManagedAllDeviceCertificateState

# What a write moves by itself is no change of the record.
UNTRACKED = ("id", "updated_at", "version")
TRACKED = [
    field.name
    for field in ManagedAllDeviceCertificateState._meta.fields
    if field.name not in UNTRACKED
]
# Only raw SQL gives a record another id: one record ends there, and another begins.
RENAMED = pgtrigger.Condition("OLD.id <> NEW.id")
CHANGED = pgtrigger.Condition(
    f"OLD.id = NEW.id AND ({', '.join(f'OLD.{name}' for name in TRACKED)})"
    f" IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in TRACKED)})"
)


class Door(models.TextChoices):
    """The way by which a change came in."""

    API = "api", "API"
    ADMIN = "admin", "admin"
    IMPORT = "import", "import"
    COMMAND = "command", "command"
    MIGRATION = "migration", "migration"
    SQL = "sql", "SQL"


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
        ]

    @property
    def door(self) -> Door:
        """Return the door; what says nothing of itself came by SQL."""
        return Door((self.pgh_context or {}).get("door", Door.SQL))

    @property
    def who(self) -> str:
        """Return the name of the staff user, the API's client or the command."""
        return str((self.pgh_context or {}).get("who", ""))

    @property
    def reason(self) -> str:
        return str((self.pgh_context or {}).get("reason", ""))

    def __str__(self) -> str:
        return f"{self.pgh_label} of {self.pgh_obj_id}"
