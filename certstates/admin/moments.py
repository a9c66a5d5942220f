"""Moments for people: how far away, and exactly when."""

from __future__ import annotations

import datetime as dt

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
# From how many seconds on a unit is used, and how long it is.
UNITS = [
    (2 * 365 * DAY, "year", 365.2425 * DAY),
    (2 * DAY, "day", DAY),
    (2 * HOUR, "hour", HOUR),
    (0, "minute", MINUTE),
]


def exact(when: dt.datetime) -> str:
    """Return the moment itself: ``2027-01-05 10:00:00 UTC``."""
    return f"{when.astimezone(dt.UTC).replace(tzinfo=None).isoformat(' ')} UTC"


def from_now(when: dt.datetime, now: dt.datetime) -> str:
    """Return ``in 12 days``, ``3 hours ago`` or ``just now``."""
    seconds = (when - now).total_seconds()
    if abs(seconds) < MINUTE:
        return "just now"
    return f"in {span_of(seconds)}" if seconds > 0 else f"{span_of(-seconds)} ago"


def span_of(seconds: float) -> str:
    """Return a length of time in its largest unit that says enough: ``12 days``."""
    _, unit, size = next(found for found in UNITS if seconds >= found[0])
    count = int(seconds // size)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
