"""One sync of a source at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from certstates.models import GraphSource
from certstates.sync.refusals import SyncRefused

# Of a transaction, and not of a session: poolers pass sessions around. It reads and
# writes nothing, and so it keeps nothing from being cleaned up.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('certstates_sync'), hashint8(%s))"
AWAKE = "SET LOCAL idle_in_transaction_session_timeout = 0"


@contextmanager
def alone(source: GraphSource) -> Iterator[None]:
    """Refuse a second sync of the source, on whatever machine it is.

    The lock lies on a connection of its own, for as long as this process lives.
    """
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute(AWAKE)
            cursor.execute(LOCK, [source.pk])
            [is_mine] = cursor.fetchone() or (False,)
        if not is_mine:
            raise SyncRefused("Another sync of this source is at work.")
        yield
    finally:
        holder.close()
