"""How the pages say moments, lengths of time and numbers of records."""

from __future__ import annotations

import datetime as dt

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
LIFETIME = 100 * 365.2425 * DAY
# From how many seconds on a unit is used, and how long it is.
UNITS = [
    (2 * 365 * DAY, "year", 365.2425 * DAY),
    (90 * DAY, "month", 365.2425 * DAY / 12),
    (2 * DAY, "day", DAY),
    (2 * HOUR, "hour", HOUR),
    (0, "minute", MINUTE),
]


def span_of(seconds: float) -> str:
    """Return a length of time in its largest unit that says enough: ``12 days``."""
    _, unit, size = next(found for found in UNITS if seconds >= found[0])
    count = int(seconds // size)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def from_now(when: dt.datetime, now: dt.datetime) -> str:
    """Return ``in 12 days``, ``3 hours ago`` or ``just now``.

    Beyond a lifetime numbers mean nothing, least of all 2,025 years.
    """
    seconds = (when - now).total_seconds()
    if abs(seconds) > LIFETIME:
        return "in the far future" if seconds > 0 else "long ago"
    if abs(seconds) < MINUTE:
        return "just now"
    return f"in {span_of(seconds)}" if seconds > 0 else f"{span_of(-seconds)} ago"


def exact(when: dt.datetime) -> str:
    """Return the moment itself: ``2027-01-05 10:00:00 UTC``."""
    return f"{when.astimezone(dt.UTC).replace(tzinfo=None).isoformat(' ')} UTC"


def counted(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,} records"


def was(number: int) -> str:
    return "was" if number == 1 else "were"
