"""Limits as Graph documents them: so many writes and requests in 20 seconds.

The counts are in the database, so they hold for all processes on all hosts. This server
is one tenant; an application is told apart by the key of its ``Caller``.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import BaseThrottle

from certstates import errors
from certstates.models.throttle import LONGEST_KEY, SPAN, ThrottleCount

if TYPE_CHECKING:
    # Not for import at run time: it imports this module itself, by a setting.
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from certstates.callers import Caller

MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Rate:
    """At most so many in 20 seconds; ``what`` says of what, and a ``most`` of 0 all.

    ``key`` is what they are counted by; it may hold whatever a stranger chose.
    """

    key: str
    most: int
    what: str = "requests"

    @property
    def stored_key(self) -> str:
        """Return the key if it is one that can be stored, or its SHA-256."""
        if len(self.key) <= LONGEST_KEY and self.key.isprintable():
            return self.key
        return hashlib.sha256(self.key.encode(errors="backslashreplace")).hexdigest()


@dataclass(frozen=True)
class Refusal:
    """The rate that is used up, and the seconds until it has a place again."""

    rate: Rate
    wait: float

    @property
    def retry_after(self) -> int:
        """Return whole seconds, after which a place is really free."""
        return max(1, math.ceil(self.wait))

    @property
    def words(self) -> str:
        return (
            f"Too many {self.rate.what}: {self.rate.most} in {SPAN} seconds are "
            f"allowed. Nothing was done; try again in {self.retry_after} s."
        )

    def error(self) -> errors.TooManyRequests:
        return errors.TooManyRequests(self.words, wait=self.retry_after)


class Memory:
    """The refusals that this process knows of: who hammers costs the database nothing.

    Time alone makes places free, so a refusal is true until the moment that it names.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def find(self, keys: Iterable[str]) -> tuple[str, float] | None:
        """Return the key that has a place again last, and the seconds until then."""
        now = time.monotonic()
        wait, key = max((self._until.get(key, now) - now, key) for key in keys)
        return (key, wait) if wait > 0 else None

    def keep(self, key: str, wait: float) -> None:
        now = time.monotonic()
        with self._lock:
            if len(self._until) >= MOST_REMEMBERED:
                self._until = {k: end for k, end in self._until.items() if end > now}
            if len(self._until) < MOST_REMEMBERED:
                self._until[key] = now + wait

    def clear(self) -> None:
        self._until = {}


memory = Memory()


def admit(*rates: Rate, counting: bool = True) -> Refusal | None:
    """Count one event with all of these rates, or with none and say why.

    With ``counting=False`` it is only asked whether one would be admitted. A database
    that cannot count raises its own error: nothing is admitted uncounted. Call it
    outside of transactions: until they end, others would wait for the same keys.
    """
    by_key = {rate.stored_key: rate for rate in rates if rate.most}
    if not by_key:
        return None
    limits = {key: rate.most for key, rate in by_key.items()}
    found = memory.find(limits) or ThrottleCount.objects.admit(
        limits, counting=counting
    )
    if found is None:
        return None
    key, wait = found
    memory.keep(key, wait)
    return Refusal(by_key[key], wait)


class GraphThrottle(BaseThrottle):
    """Asked after authentication and permission, before the view does anything.

    All limits are judged by one question, so the refusal is raised here and says which
    of them it was. What is open to everyone is not counted.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not settings.THROTTLE or request.auth is None:
            return True
        caller = cast("Caller", request.auth)
        is_write = request.method not in SAFE_METHODS
        if refusal := admit(*rates_of(caller, is_write=is_write)):
            raise refusal.error()
        return True


def rates_of(caller: Caller, *, is_write: bool) -> Iterator[Rate]:
    """Yield Graph's limits for this entity; they can be set."""
    one, all_ = "of this application", "of all applications together"
    if is_write:
        app, tenant = settings.THROTTLE_APP_WRITES, settings.THROTTLE_TENANT_WRITES
        yield Rate(f"{caller.key} writes", app, f"writes {one}")
        yield Rate("writes", tenant, f"writes {all_}")
    app, tenant = settings.THROTTLE_APP_REQUESTS, settings.THROTTLE_TENANT_REQUESTS
    yield Rate(f"{caller.key} requests", app, f"requests {one}")
    yield Rate("requests", tenant, f"requests {all_}")
