"""Taking changes back: what records were before is written again.

A reversal looks at all that a request (or one change) did to each record, from the
first of its changes to the last. A field is taken back if it still holds what was
written there. A million records cost a few statements: PostgreSQL compares, and only
numbers and the first records come here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.db import connection, models

from certstates.reverting_sql import COUNT, LOCK, PLAN, WRITE
from certstates.transactions import patient


class Obstacle(models.TextChoices):
    """Why a record cannot be taken back as a whole."""

    CHANGED = "changed", "It was changed again since."
    GONE = "gone", "It was deleted since."
    EXISTS = "exists", "A record with its id was created since."
    MIXED = "mixed", "Others changed it in between."
    UNKNOWN = "unknown", "What it was before is not known."


class Line(NamedTuple):
    """What a reversal finds about one record."""

    id: str
    verb: str  # update, delete or create
    obstacle: str  # of Obstacle, or nothing
    fields: list[str]  # those that an update cannot take back
    before: int | None  # the number of the event that has what is written again
    last: int


@dataclass(frozen=True)
class Plan:
    """What taking back would do now, in numbers of records."""

    updates: int
    deletions: int
    creations: int
    done: int  # are already as they were before
    obstacles: int
    writable: list[Line]  # the first of them
    refused: list[Line]  # the first of them

    @property
    def writes(self) -> int:
        return self.updates + self.deletions + self.creations

    @property
    def verbs(self) -> set[str]:
        """Return what is to be done to records: update, delete, create."""
        numbers = {
            "update": self.updates,
            "delete": self.deletions,
            "create": self.creations,
        }
        return {verb for verb, number in numbers.items() if number}


VERBS = frozenset({"update", "delete", "create"})


class Refused(Exception):
    """Nothing was taken back, since not all can be; the plan says what cannot."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{plan.obstacles} records are in the way")
        self.plan = plan


class NotAllowed(Refused):
    """Nothing was taken back, since it takes a verb that was not allowed."""


class Reversal:
    """All that is needed to take back one change, or all of one request."""

    def __init__(
        self, column: Literal["pgh_id", "pgh_context_id"], value: int | uuid.UUID
    ) -> None:
        self.which = f"{column} = %s"
        self.value = value

    @classmethod
    def of_change(cls, number: int) -> Reversal:
        return cls("pgh_id", number)

    @classmethod
    def of_batch(cls, batch: uuid.UUID) -> Reversal:
        return cls("pgh_context_id", batch)

    def plan(self) -> Plan:
        *numbers, writable, refused = self._ask(PLAN + COUNT)
        lines = ([Line(**line) for line in some] for some in (writable, refused))
        return Plan(*numbers, *lines)

    def carry_out(
        self, *, partly: bool = False, allowed: frozenset[str] = VERBS
    ) -> Plan:
        """Take back what can be, by these verbs; unless ``partly``, all or nothing.

        The transaction is over when this returns, or raises ``Refused``.
        """
        with patient():
            self._ask(LOCK)
            plan = self.plan()
            if plan.verbs - allowed:
                raise NotAllowed(plan)
            if plan.obstacles and not partly:
                raise Refused(plan)
            (written,) = self._ask(PLAN + WRITE)
            if written != plan.writes:  # a record came or changed in this moment
                raise Refused(plan)
        return plan

    def _ask(self, statement: str) -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            # nosemgrep: sql-built -- constants; which one is said above
            cursor.execute(statement.format(which=self.which), [self.value])
            answer: tuple[Any, ...] = cursor.fetchone() or ()
        return answer
