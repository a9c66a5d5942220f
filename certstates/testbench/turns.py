"""Requests and resets take turns: a request sees all of a reset, or nothing of it.

The locks are PostgreSQL's, so they hold for all worker processes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from certstates.errors import ServiceUnavailable

# A number that nothing else here locks; the second says what for.
SHARE = "SELECT pg_advisory_lock_shared(1706, 1)"
UNSHARE = "SELECT pg_advisory_unlock_shared(1706, 1)"
LOCK = "SELECT pg_advisory_lock(1706, 1)"
UNLOCK = "SELECT pg_advisory_unlock(1706, 1)"


@contextmanager
def with_others() -> Iterator[None]:
    """Run beside other requests, and not while somebody is ``alone``."""
    with _held(SHARE, UNSHARE):
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Run when all requests that have begun are answered; later ones wait."""
    with _held(LOCK, UNLOCK):
        yield


@contextmanager
def _held(take: str, give_back: str) -> Iterator[None]:
    _ask(take)
    try:
        yield
    finally:
        _ask(give_back)


def _ask(statement: str) -> None:
    """Run one of the constants above, or raise ServiceUnavailable."""
    try:
        with connection.cursor() as cursor:
            # nosemgrep: sql-built -- one of four constants
            cursor.execute(statement)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise ServiceUnavailable(
            "Other requests, which this one has to wait for, did not end in time."
        ) from None
