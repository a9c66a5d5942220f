"""Other servers whose records are copied here, and what was seen there when."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Self, cast

from django.db import connection, models
from django.db.models.functions import MD5, Now

from certstates.models.fields import ID_LENGTH
from certstates.models.queryset import CertificateStateQuerySet
from certstates.models.states import ManagedAllDeviceCertificateState

URL_LENGTH = 500
FILTER_LENGTH = 2000

# What this run has seen already is not written again: so the number of rows that are
# says how much of a page was new to it.
SEEN = """
INSERT INTO certstates_syncedstate AS known
    (state_id, source_id, first_seen, last_seen)
SELECT id, %(source)s, seen, seen
FROM unnest(%(ids)s::text[]) AS id,
    greatest(%(began)s, statement_timestamp()) AS seen
ON CONFLICT (state_id, source_id) DO UPDATE
SET last_seen = excluded.last_seen, vanished_at = NULL
WHERE known.last_seen < %(began)s OR known.vanished_at IS NOT NULL
"""


class GraphSource(models.Model):
    """A collection of another server, whole or filtered, and the run that reads it.

    A run is under way until it has read the last page. It may have stopped: the next
    one then goes on at ``next_link``. The ``run`` is its writer's; another writer
    takes it away, and so no two write for the same run.
    """

    id = models.BigAutoField(primary_key=True)
    base_url = models.CharField("address", max_length=URL_LENGTH)
    filter = models.CharField(max_length=FILTER_LENGTH, blank=True)
    run = models.UUIDField(null=True)
    under_way = models.BooleanField(default=False)
    began = models.DateTimeField("last run began", null=True)
    progressed = models.DateTimeField("last page", null=True)
    completed = models.DateTimeField("last complete run", null=True)
    next_link = models.TextField(blank=True)
    pages = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    # As the last complete run has left it.
    present = models.BigIntegerField(default=0)
    vanished = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "source"
        default_permissions = ()  # who may see records may see where they came from
        constraints = [
            models.UniqueConstraint(
                "base_url", MD5("filter"), name="certstates_source_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.base_url} ({self.filter})" if self.filter else self.base_url

    def begin(self) -> None:
        """Begin a run anew; what an unfinished one has saved stays."""
        self.run, self.under_way, self.next_link = uuid.uuid4(), True, ""
        self.pages = self.new = self.changed = self.unchanged = self.refused = 0
        self.began = self.progressed = moment_of_database()
        self.save()

    def go_on(self) -> None:
        """Take up the run where it stopped, in place of whoever had it."""
        self.run = uuid.uuid4()
        self.save(update_fields=["run"])

    def step(self, next_link: str) -> None:
        """Note that a page is saved, and where the next one is."""
        self.pages += 1
        self.next_link, self.progressed = next_link, moment_of_database()
        self.save()

    def abandon(self) -> None:
        """Have the next run begin anew."""
        self.under_way, self.next_link = False, ""
        self.save(update_fields=["under_way", "next_link"])

    def complete(self) -> int:
        """End a run that has seen everything; return how many vanished by it."""
        seen = SyncedState.objects.filter(source=self)
        unseen = seen.filter(vanished_at=None, last_seen__lt=self.began)
        vanished = unseen.update(vanished_at=Now())
        self.under_way, self.next_link = False, ""
        self.completed = moment_of_database()
        self.count()
        self.save()
        return vanished

    def count(self) -> None:
        seen = SyncedState.objects.filter(source=self)
        gone = models.Q(vanished_at__isnull=False)
        counts = seen.aggregate(
            present=models.Count("state_id", filter=~gone),
            vanished=models.Count("state_id", filter=gone),
        )
        self.present, self.vanished = counts["present"], counts["vanished"]


def moment_of_database() -> dt.datetime:
    """Return the time by the clock that dates the pages too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [moment] = cursor.fetchone() or (None,)
    return cast("dt.datetime", moment)


class SyncedStateQuerySet(models.QuerySet["SyncedState"]):
    def saw(self, source: GraphSource, ids: Collection[str]) -> int:
        """Note that a run saw these; return how many it had not seen before."""
        known = {"source": source.pk, "began": source.began, "ids": sorted({*ids})}
        with connection.cursor() as cursor:
            cursor.execute(SEEN, known)
            return int(cursor.rowcount)

    def gone(self) -> Self:
        """Return what vanished from a source and stands in no other one."""
        present = SyncedState.objects.filter(
            state_id=models.OuterRef("state_id"), vanished_at=None
        )
        return self.filter(~models.Exists(present), vanished_at__isnull=False)

    def present(self) -> Self:
        return self.filter(vanished_at=None)

    def records(self) -> CertificateStateQuerySet:
        """Return the records of these, as far as they are still here."""
        return ManagedAllDeviceCertificateState.objects.filter(
            pk__in=self.values("state_id")
        )


class SyncedState(models.Model):
    """When a record was seen in a source. The record itself may be gone from here.

    No foreign key leads to the record: to delete one costs what it cost before.
    """

    pk = models.CompositePrimaryKey("state_id", "source_id")
    state_id = models.CharField(max_length=ID_LENGTH, db_collation="C")
    source = models.ForeignKey(
        GraphSource, on_delete=models.CASCADE, db_index=False, related_name="states"
    )
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    vanished_at = models.DateTimeField(null=True)

    objects = SyncedStateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            # "What vanished?" is little of the whole.
            models.Index(
                "state_id",
                name="certstates_vanished",
                condition=models.Q(vanished_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.state_id} in {self.source}"
