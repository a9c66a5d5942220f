"""Numbered rows that can be made again: the same seed, the same rows."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator
from random import Random

from certstates.models import RevocationStatus
from certstates.seeding.certificates import Certificates, Row

# Ids say that they were made from here on, one each millisecond: before any real one.
FIRST_ID = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def make_rows(count: int, *, seed: int, now: dt.datetime) -> Iterator[Row]:
    """Yield values of records by the fields' names, with dates relative to ``now``.

    Another count begins with the same rows. The ids depend on the seed alone, so that
    a second run with it meets its own ids, whatever the day.
    """
    rows = iter(Certificates(chance(seed, "certificates"), now))
    rows = itertools.chain([expiring_tomorrow(next(rows), now)], rows)
    for id, row in zip(ids(seed), itertools.islice(rows, count), strict=False):
        yield {"id": id, **row}


def expiring_tomorrow(row: Row, now: dt.datetime) -> Row:
    """Return a row with other dates: what expires tomorrow is never an empty list."""
    expires = now + dt.timedelta(days=1, hours=12)
    issued = expires - dt.timedelta(days=365)
    return {
        **row,
        "certificate_revoke_status": RevocationStatus.NONE.value,
        "certificate_revoke_status_last_change_date_time": issued,
        "certificate_expiration_date_time": expires,
        "certificate_issuance_date_time": issued,
    }


def ids(seed: int) -> Iterator[str]:
    """Yield version 7 UUIDs, in order and without end (RFC 9562, section 5.7)."""
    random_bits = chance(seed, "ids").getrandbits
    for moment in itertools.count(int(FIRST_ID.timestamp() * 1000)):
        high = moment << 16 | 7 << 12 | random_bits(12)
        low = 2 << 62 | random_bits(62)
        yield str(uuid.UUID(int=high << 64 | low))


def chance(seed: int, purpose: str) -> Random:
    # A text, since Random ignores the sign of a number.
    # Repeatable, as is asked for; nothing secret is made of it.
    return Random(f"{purpose} {seed}")  # noqa: S311 # nosec B311
