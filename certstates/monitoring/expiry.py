"""What expires next, and how bad that is: the question that ``expiring`` answers."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
    RevocationStatus,
)
from certstates.odata.filtering import matching
from certstates.odata.options import Options
from certstates.odata.paging import computable

EXPIRY = "certificate_expiration_date_time"
FETCHED = 500  # rows at a time: a table's texts may be long

Record = ManagedAllDeviceCertificateState


class Level(IntEnum):
    """How bad it is: the exit codes of monitoring plug-ins, as Nagios has them."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True)
class Counts:
    """How many have expired, expire before ``critical`` is over, and after that."""

    expired: int
    critical: int
    warning: int

    @property
    def total(self) -> int:
        return self.expired + self.critical + self.warning

    @property
    def level(self) -> Level:
        if self.expired or self.critical:
            return Level.CRITICAL
        return Level.WARNING if self.warning else Level.OK


@dataclass(frozen=True)
class Question:
    """Which certificates: those that expire ``within``, from one moment on.

    ``expired`` is how far back those count that have expired already; ``filter`` is an
    OData filter.
    """

    now: dt.datetime
    within: dt.timedelta
    critical: dt.timedelta
    expired: dt.timedelta = dt.timedelta()
    filter: str | None = None
    include_revoked: bool = False
    limit: int | None = None

    def records(self) -> CertificateStateQuerySet:
        """Return them, what expires first before the others."""
        found = ManagedAllDeviceCertificateState.objects.filter(
            certificate_expiration_date_time__gt=self.now - self.expired,
            certificate_expiration_date_time__lte=self.now + self.within,
        )
        if not self.include_revoked:
            found = found.exclude(certificate_revoke_status=RevocationStatus.REVOKED)
        return matching(found, Options(filter=self.filter)).by_expiry()

    @contextlib.contextmanager
    def answered(self) -> Iterator[Answer]:
        """Give the answer; its records can be read until the block ends."""
        with transaction.atomic(), computable():
            records = self.records()
            counts = self.count(records)
            shown = records if self.limit is None else records[: self.limit]
            yield Answer(self, counts, shown.iterator(chunk_size=FETCHED))

    def count(self, records: CertificateStateQuerySet) -> Counts:
        critical = self.now + self.critical
        is_expired = Q(certificate_expiration_date_time__lte=self.now)
        is_critical = Q(certificate_expiration_date_time__lte=critical)
        found: dict[str, Any] = records.order_by().aggregate(
            expired=Count("pk", filter=is_expired),
            critical=Count("pk", filter=is_critical & ~is_expired),
            warning=Count("pk", filter=~is_critical),
        )
        return Counts(**found)


@dataclass(frozen=True)
class Answer:
    """What was found; the records come one after another, and only once."""

    question: Question
    counts: Counts
    records: Iterator[Record]

    @property
    def level(self) -> Level:
        return self.counts.level

    def days_left(self, record: Record) -> int:
        """Return whole days until it expires, rounded down; expired: below zero."""
        return (record.certificate_expiration_date_time - self.question.now).days
