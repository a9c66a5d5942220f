"""What the database holds, in numbers that a scrape may ask for again and again.

They are counted as the admin's first page counts: exactly as far as 10,000, estimated
beyond. Each process remembers them for a while, so that no scrape is a burden.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
    RevocationStatus,
)
from certstates.statistics import Count, counts_or_estimates

STATES = ManagedAllDeviceCertificateState.objects
REMEMBERED = 15  # seconds
DAYS = (1, 7, 30, 90)
ALL, EXPIRED, REVOKED = "all", 0, "revoked"


@dataclass(frozen=True)
class Numbers:
    """What was counted at one moment."""

    records: Count
    by_status: dict[RevocationStatus, Count]
    expired: Count
    expiring: dict[int, Count]
    oldest_open: dt.timedelta

    @property
    def open(self) -> int:
        return sum(self.by_status[status].value for status in RevocationStatus.open())

    @property
    def estimated(self) -> int:
        """Return how many of the counts are estimates."""
        counts = (self.records, self.expired, *self.by_status.values())
        return sum(not c.is_exact for c in (*counts, *self.expiring.values()))


def counted() -> Numbers:
    """Ask one query for all, one for estimates if any, and one for the oldest."""
    windows = {
        EXPIRED: STATES.expired(),
        **{days: STATES.expiring(within=dt.timedelta(days=days)) for days in DAYS},
    }
    counts = counts_or_estimates(
        {
            ALL: STATES.order_by("pk"),
            **{s.wire_name: with_status(STATES.all(), s) for s in RevocationStatus},
            **{days: records.by_expiry() for days, records in windows.items()},
            **{(days, REVOKED): revoked(records) for days, records in windows.items()},
        }
    )
    valid = {days: difference(counts[days], counts[days, REVOKED]) for days in windows}
    return Numbers(
        records=counts[ALL],
        by_status={status: counts[status.wire_name] for status in RevocationStatus},
        expired=valid.pop(EXPIRED),
        expiring=valid,
        oldest_open=longest_open(),
    )


def with_status(
    records: CertificateStateQuerySet, status: RevocationStatus
) -> CertificateStateQuerySet:
    return records.filter(certificate_revoke_status=status).by_status()


def revoked(records: CertificateStateQuerySet) -> CertificateStateQuerySet:
    """Return what of these is revoked, in the order of the index that has both.

    It is counted and taken off: no index has what is *not* revoked, by expiry.
    """
    return records.filter(certificate_revoke_status=RevocationStatus.REVOKED).order_by(
        "certificate_expiration_date_time", "id"
    )


def difference(all_: Count, some: Count) -> Count:
    is_exact = all_.is_exact and some.is_exact
    return Count(max(0, all_.value - some.value), is_exact)


def longest_open() -> dt.timedelta:
    """Return for how long the oldest open revocation has been open; without one, 0."""
    oldest = STATES.revocation_open().longest_open_first().first()
    if oldest is None:
        return dt.timedelta()
    began = oldest.certificate_revoke_status_last_change_date_time
    return max(timezone.now() - began, dt.timedelta())


class Memory:
    """The newest numbers of this process, or that they could not be had."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._numbers: Numbers | None = None

    def numbers(self) -> Numbers | None:
        """Return numbers that are fresh enough; only one thread asks for new ones."""
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._numbers = counted()
                except DatabaseError:
                    self._numbers = None
                self._until = time.monotonic() + REMEMBERED
            return self._numbers

    def clear(self) -> None:
        self._until = 0.0


memory = Memory()


class DatabaseCollector(Collector):
    """Tells the numbers in Prometheus's terms; without a database, only that."""

    def collect(self) -> Iterator[Metric]:
        numbers = memory.numbers()
        yield gauge(
            "certstates_database_up",
            "1: the database answered the last time that it was asked.",
            float(numbers is not None),
        )
        if numbers:
            yield from families(numbers)


def families(numbers: Numbers) -> Iterator[Metric]:
    yield gauge("certstates_records", "Records.", numbers.records.value)
    yield labelled(
        "certstates_records_by_revocation",
        "Records by the state of their revocation.",
        status={s.wire_name: c.value for s, c in numbers.by_status.items()},
    )
    yield gauge(
        "certstates_certificates_expired",
        "Certificates that have expired and are not revoked.",
        numbers.expired.value,
    )
    yield labelled(
        "certstates_certificates_expiring",
        "Certificates that expire within a time from now and are not revoked.",
        within={f"{days}d": c.value for days, c in numbers.expiring.items()},
    )
    yield gauge(
        "certstates_revocations_open",
        "Revocations that are wanted and not done: pending, issued or failed.",
        numbers.open,
    )
    yield gauge(
        "certstates_revocation_oldest_open_seconds",
        "For how long the oldest open revocation has been in its state; 0: none is.",
        numbers.oldest_open.total_seconds(),
    )
    yield gauge(
        "certstates_counts_estimated",
        "How many of the counts above are estimates, as they are beyond 10,000.",
        numbers.estimated,
    )


def gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def labelled(name: str, words: str, **by_label: dict[str, int]) -> Metric:
    [(label, numbers)] = by_label.items()
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in numbers.items():
        family.add_metric([value], number)
    return family
