"""What is legal in a record, and yet hardly meant."""

from __future__ import annotations

import datetime as dt
import re

# What sources write between the digits of a thumbprint or serial number.
SEPARATORS = re.compile(r"[\s:.\-]+")
UNKNOWN, NEVER = dt.MINYEAR, dt.MAXYEAR
YEARS = {UNKNOWN: "an unknown date", NEVER: "no end at all"}


def digits_of(text: str) -> str:
    """Return a thumbprint or serial number without what separates its digits."""
    return SEPARATORS.sub("", text)


def order_of_dates(issued: dt.datetime, expires: dt.datetime) -> str | None:
    if expires < issued:
        return "It expires before it is issued."
    return None


def odd_year(what: str, moment: dt.datetime) -> str | None:
    year = moment.astimezone(dt.UTC).year
    if year in YEARS:
        return f"{what} is in the year {year}, which may stand for {YEARS[year]}."
    return None


def odd_thumbprint(thumbprint: str | None) -> str | None:
    """Say what keeps it from being a SHA-1 or SHA-256 hash; none at all is not odd."""
    digits = digits_of(thumbprint or "")
    if not digits:
        return None
    if not re.fullmatch("[0-9A-Fa-f]+", digits):
        return "Its thumbprint holds other characters than hexadecimal digits."
    if len(digits) not in (40, 64):
        return f"Its thumbprint has {len(digits)} digits; SHA-1 has 40, SHA-256 has 64."
    return None
