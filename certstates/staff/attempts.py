"""How often passwords may be wrong, and how long to wait then.

An attempt is counted before its password is looked at and taken back if that was right,
so that a hundred at once get no further than a hundred in a row. What is counted is the
same for names that exist and names that do not; of the name only a keyed hash is kept,
for people type their password there too. The rows are django-axes' own.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axes.models import AccessAttempt
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from certstates import logs
from certstates.staff.addresses import client_address
from certstates.staff.devices import known_device

if TYPE_CHECKING:
    from django.http import HttpRequest

OWN_LIMIT = 5  # of one name from one address, or in one browser
WIDE_LIMIT = 50  # of one name from all addresses, or of one address for all names
FIRST_DELAY = dt.timedelta(minutes=1)  # doubled by each further failure
LONGEST_DELAY = dt.timedelta(hours=1)
FORGOTTEN_AFTER = dt.timedelta(hours=12)  # since the last failure
LONGEST_NAME = 200  # no account has a longer one

ANYBODY, ANYWHERE = "", "::"  # no client has this address
NO_WAIT = dt.timedelta()


def name_key(name: str) -> str:
    """Return what stands for a user name: the same for all its spellings."""
    name = unicodedata.normalize("NFKC", name[:LONGEST_NAME]).casefold().strip()
    # Folding may undo what normalising did.
    name = unicodedata.normalize("NFKC", name)
    return salted_hmac(__name__, name, algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class Counter:
    """Failures that are counted together."""

    name: str
    address: str
    device: str = ""
    limit: int = OWN_LIMIT

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.address, self.device

    @property
    def row(self) -> Q:
        return Q(username=self.name, ip_address=self.address, user_agent=self.device)

    def new_row(self) -> AccessAttempt:
        return AccessAttempt(
            username=self.name,
            ip_address=self.address,
            user_agent=self.device,
            failures_since_start=0,
        )

    def wait(self, row: AccessAttempt, now: dt.datetime) -> dt.timedelta:
        """Return how long it is until the next attempt."""
        over = row.failures_since_start - self.limit
        if over < 0:
            return NO_WAIT
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(over, 10))
        over_at: dt.datetime = row.attempt_time + delay
        return max(NO_WAIT, over_at - now)


def counters(name: str, address: str, device: str) -> tuple[Counter, ...]:
    """Return all that an attempt counts for, in the order in which rows are made.

    In a browser that the person has used before nothing else counts: others may fail
    for the same name, or from the same address, as long as they like.
    """
    if device:
        return (Counter(name, ANYWHERE, device),)
    return (
        Counter(ANYBODY, address, limit=WIDE_LIMIT),
        Counter(name, address),
        Counter(name, ANYWHERE, limit=WIDE_LIMIT),
    )


class Attempt:
    """One password that somebody sends."""

    def __init__(self, request: HttpRequest, username: str) -> None:
        self.name = name_key(username)
        self.address = client_address(request)
        device = known_device(request, self.name)
        self.counters = counters(self.name, self.address, device)
        self.was_right = False

    def begin(self) -> dt.timedelta:
        """Count it, or return how long to wait: then the password is not looked at."""
        rows = AccessAttempt.objects.filter(self._any_row())
        if wait := self._wait(rows):
            return wait
        forget_old()
        with transaction.atomic():
            missing = [counter.new_row() for counter in self.counters]
            AccessAttempt.objects.bulk_create(missing, ignore_conflicts=True)
            # From here on the attempts of others for the same stand in a queue.
            mine = [*rows.select_for_update().order_by("pk")]
            wait = self._wait(mine)
            if not wait:
                self._count(mine)
        return wait

    def succeed(self) -> None:
        """Take it back; what was wrong before it is forgiven, but not to others."""
        self.was_right = True
        own = [c for c in self.counters if c.limit == OWN_LIMIT]
        AccessAttempt.objects.filter(any_row(own)).delete()
        self.take_back()

    def take_back(self) -> None:
        """Count one less: no password was looked at after all."""
        one_less = Greatest(F("failures_since_start") - 1, 0)
        with transaction.atomic():
            mine = AccessAttempt.objects.filter(pk__in=locked(self._any_row()))
            mine.update(failures_since_start=one_less)

    def _any_row(self) -> Q:
        return any_row(self.counters)

    def _wait(self, rows: Iterable[Any]) -> dt.timedelta:
        now = timezone.now()
        limits = {counter.key: counter for counter in self.counters}
        waits = (
            limits[row.username, row.ip_address, row.user_agent].wait(row, now)
            for row in rows
        )
        return max(waits, default=NO_WAIT)

    def _count(self, rows: list[Any]) -> None:
        now = timezone.now()
        for row in rows:
            known = row.failures_since_start
            known = 0 if row.attempt_time <= now - FORGOTTEN_AFTER else known
            row.failures_since_start, row.attempt_time = known + 1, now
        changed = ["failures_since_start", "attempt_time"]
        AccessAttempt.objects.bulk_update(rows, changed)


def locked(rows: Q) -> list[int]:
    """Return the keys of rows that nobody else changes before the transaction ends.

    All take them in the order of begin(), lest two wait for each other.
    """
    found = AccessAttempt.objects.filter(rows).select_for_update().order_by("pk")
    return [*found.values_list("pk", flat=True)]


def any_row(counters: Iterable[Counter]) -> Q:
    found = Q()
    for counter in counters:
        found |= counter.row
    return found


def forget_old() -> None:
    """Delete the rows of long ago, but for those that somebody is just counting in."""
    old = AccessAttempt.objects.filter(
        attempt_time__lte=timezone.now() - FORGOTTEN_AFTER
    )
    with transaction.atomic():
        free = old.select_for_update(skip_locked=True).values_list("pk", flat=True)
        AccessAttempt.objects.filter(pk__in=[*free]).delete()


def unlock(username: str) -> int:
    """Forget what was wrong for a name, from wherever; return the number of rows."""
    deleted = forget(Q(username=name_key(username)))
    words = f"{deleted} counts of failures forgotten."
    logs.security("sign_in_unlocked", words, account=username)
    return deleted


@transaction.atomic
def forget(rows: Q) -> int:
    deleted, _ = AccessAttempt.objects.filter(pk__in=locked(rows)).delete()
    return int(deleted)
