"""Dates as sources write them, turned into what the API would have been sent.

A moment with its offset passes as it is: the API judges it. Without an offset it is
taken for UTC where that is what the source writes, or where people told the format.
What two cultures read differently is never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from certstates.sources.reading import Reading

HAS_OFFSET = re.compile(r".{10}[Tt].*(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
WITHOUT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?)(?: ?Z)?", re.ASCII
)
# ASP.NET's, which Windows PowerShell writes; the offset only tells how it was shown.
SINCE_1970 = re.compile(r"\\?/Date\((-?\d{1,18})(?:[+-]\d{4})?\)\\?/", re.ASCII)
OF_A_CULTURE = re.compile(
    r"\d{1,4}(?P<mark>[/.\-])\d{1,2}(?P=mark)\d{1,4}(?P<rest>.*)", re.ASCII | re.DOTALL
)
ZONE = re.compile(r" ?([+-]0(?::?0)?)$")  # numbers are zeros here
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Unreadable(Exception):
    """A value that a source wrote in a way that cannot be read for sure."""


class Dates:
    """Reads the dates of one file. ``in_utc`` says that it writes UTC, and no zone."""

    def __init__(self, reading: Reading, *, in_utc: bool = False) -> None:
        self.format = reading.date_format
        self.in_utc = in_utc

    def read(self, text: Any) -> Any:
        """Return the moment as the API takes it; what is no text is the API's to judge.

        Raises Unreadable with a sentence for a date that somebody has to explain.
        """
        if not isinstance(text, str) or has_offset(text):
            return text
        if found := SINCE_1970.fullmatch(text):
            return since_1970(int(found[1]))
        if self.in_utc and (found := WITHOUT.fullmatch(text)):
            return f"{found[1]}T{found[2]}Z"
        if self.format:
            return formatted(text, self.format)
        if found := OF_A_CULTURE.fullmatch(text):
            raise Unreadable(unexplained(text, found["mark"], found["rest"]))
        return text


def has_offset(text: str) -> bool:
    """Say whether a date is complete as it is; almost all are, and end in a Z."""
    is_timed = text[10:11] == "T"
    return (is_timed and text[-1] == "Z") or bool(HAS_OFFSET.fullmatch(text))


def since_1970(milliseconds: int) -> str:
    try:
        return printed(EPOCH + dt.timedelta(milliseconds=milliseconds))
    except OverflowError:
        raise Unreadable(
            f"The date /Date({milliseconds})/ lies outside the years 0001 to 9999."
        ) from None


def formatted(text: str, date_format: str) -> str:
    """Return a moment by the format that people told; UTC if it has no offset."""
    try:
        moment = dt.datetime.strptime(text.strip(), date_format)  # noqa: DTZ007 -- below
    except (ValueError, re.error):
        raise Unreadable(
            f"{text[:50]!r} is no date of the format {date_format!r}."
        ) from None
    if moment.tzinfo is None:
        return printed(moment.replace(tzinfo=dt.UTC))
    return printed(moment)


def printed(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def unexplained(text: str, mark: str, rest: str) -> str:
    tried = " or ".join(f"--date-format '{f}'" for f in formats_of(text, mark, rest))
    return (
        "Not an Edm.DateTimeOffset: a culture formatted this date, and which one is "
        f"not guessed: {text[:50]!r}. Let import_states know, such as by {tried}; "
        "it is then taken as UTC."
    )


def formats_of(text: str, mark: str, rest: str) -> list[str]:
    """Return formats that could be meant."""
    time = time_format(re.sub(r"[0-9]+", "0", rest))
    if re.match(r"\d{4}", text):
        return [f"%Y{mark}%m{mark}%d{time}"]
    day_first = f"%d{mark}%m{mark}%Y{time}"
    return [day_first] if mark == "." else [f"%m{mark}%d{mark}%Y{time}", day_first]


@lru_cache(maxsize=64)
def time_format(shape: str) -> str:
    """Return the format of a time of which each number is a 0: ``0:0:0 AM``."""
    time, zone, _ = ZONE.split(shape) if ZONE.search(shape) else (shape, "", "")
    if ":" not in time:
        return ""
    comma = "," if time.startswith(",") else ""
    twelve = re.search(r"[AaPp]\.?[Mm]", time)
    hour, half = ("%I", " %p") if twelve else ("%H", "")
    second = ":%S" if time.count(":") > 1 else ""
    return f"{comma} {hour}:%M{second}{half}{' %z' if zone else ''}"
