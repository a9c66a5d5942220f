"""Lengths of time as people and calendars write them: ``30d``, ``12h``, ``P2W``."""

import datetime as dt
import re

from certstates.odata.values import parse_duration

SHORT = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[mhdw])", re.ASCII)
WEEKS = re.compile(r"P(?P<number>[0-9]{1,6})W", re.ASCII | re.IGNORECASE)
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = dt.timedelta(days=36_500)


def parse(text: str) -> dt.timedelta:
    """Return the length, or raise ValueError with a sentence.

    ISO 8601's years and months are refused: nobody knows how long they are.
    """
    length = length_of(text)
    if length is None:
        raise ValueError(
            f"{text[:40]!r} is no length of time such as 30d, 12h, 2w or P30D."
        )
    if not dt.timedelta() < length <= LONGEST:
        raise ValueError(
            f"{text[:40]!r}: the time must be longer than none, and no longer than "
            f"{LONGEST.days} days."
        )
    return length


def length_of(text: str) -> dt.timedelta | None:
    if match := SHORT.fullmatch(text):
        return dt.timedelta(**{UNITS[match["unit"]]: int(match["number"])})
    if match := WEEKS.fullmatch(text):
        return dt.timedelta(weeks=int(match["number"]))
    try:
        return parse_duration(text)
    except (ValueError, OverflowError):
        return None


def short(length: dt.timedelta) -> str:
    """Return how ``parse`` would best be told: ``30d``, ``36h``, ``90m``."""
    minutes = length // dt.timedelta(minutes=1)
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
