"""The types that an expression can have, and literals of them.

Source: OData ABNF 4.01, section 7 (Literal Data Values).
"""

import datetime as dt
import decimal
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self

from django.core.exceptions import ValidationError
from rest_framework.exceptions import ValidationError as Refused

from certstates.edm import EdmDateTimeOffset, EdmRevocationStatus, microseconds
from certstates.models import refuse_unstorable

# Python reads more than OData writes: 1_000, NaN, 20270105, 11:22+02:00.
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
TIME_OF_DAY = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,12})?)?", re.ASCII)
DURATION = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9}(?:\.\d{1,12})?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
LONGEST = dt.timedelta(days=3_652_059)  # from year 1 to 9999
GREATEST_EXPONENT = 308  # that of Edm.Double


class Edm(StrEnum):
    """The type of an expression, by its name in OData."""

    NULL = "null"
    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INT = "Edm.Int32"
    DECIMAL = "Edm.Decimal"
    DATE_TIME_OFFSET = "Edm.DateTimeOffset"
    DATE = "Edm.Date"
    TIME_OF_DAY = "Edm.TimeOfDay"
    DURATION = "Edm.Duration"
    REVOCATION_STATUS = "microsoft.graph.certificateRevocationStatus"

    @classmethod
    def of(cls, type_name: str) -> Self:
        """Return the type of a serializer's field, which omits ``Edm.``."""
        return cls(type_name if "." in type_name else f"Edm.{type_name}")

    @property
    def is_number(self) -> bool:
        return self in (Edm.INT, Edm.DECIMAL)


def parse_string(literal: str) -> str:
    """Return the text of a literal in single quotes, or raise ValueError."""
    return storable_text(literal[1:-1].replace("''", "'"))


def storable_text(text: str) -> str:
    """Return a text that PostgreSQL can hold, or raise ValueError."""
    try:
        refuse_unstorable(text)
    except ValidationError as refused:
        raise ValueError(refused.messages[0]) from None
    return text


def parse_number(literal: str) -> int | decimal.Decimal:
    number = decimal.Decimal(literal)
    if abs(number.adjusted()) > GREATEST_EXPONENT:
        raise ValueError("this number is out of range")
    if literal.lstrip("+-").isdigit() and number.adjusted() < 18:
        return int(number)
    return number


def parse_date_time_offset(literal: str) -> dt.datetime:
    repaired = literal.replace(" ", "+")  # a "+" that was not escaped in the address
    try:
        return EdmDateTimeOffset().parse(repaired)
    except Refused as refused:
        raise ValueError(first_message(refused)) from None


def parse_revocation_status(literal: str) -> int:
    try:
        return EdmRevocationStatus().parse(literal).value
    except Refused as refused:
        raise ValueError(first_message(refused)) from None


def parse_duration(literal: str) -> dt.timedelta:
    match = DURATION.fullmatch(literal)
    if not match or literal.upper().endswith(("P", "T")):
        raise ValueError("not a duration such as P30D or PT12H")
    seconds, _, fraction = (match["seconds"] or "0").partition(".")
    length = dt.timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"] or 0),
        minutes=int(match["minutes"] or 0),
        seconds=int(seconds),
        microseconds=int(microseconds(fraction)),
    )
    if length > LONGEST:
        raise ValueError("this duration is longer than the calendar")
    return -length if match["sign"] == "-" else length


def parse_date(literal: str) -> dt.date:
    return dt.date.fromisoformat(literal)


def parse_time_of_day(literal: str) -> dt.time:
    minute, _, fraction = literal.partition(".")
    return dt.time.fromisoformat(
        f"{minute}.{microseconds(fraction)}" if fraction else minute
    )


def parse_boolean(literal: str) -> bool:
    return {"true": True, "false": False}[literal.lower()]


def first_message(refused: Refused) -> str:
    [message] = refused.detail
    return str(message).rstrip(".")


# What a text in quotes may stand for where another type is wanted (OData 4.01 Part 2,
# section 5.1.1.16.4), and how literals of the type are read.
PARSERS: dict[Edm, Callable[[str], Any]] = {
    Edm.BOOLEAN: parse_boolean,
    Edm.INT: parse_number,
    Edm.DECIMAL: parse_number,
    Edm.DATE_TIME_OFFSET: parse_date_time_offset,
    Edm.DATE: parse_date,
    Edm.TIME_OF_DAY: parse_time_of_day,
    Edm.DURATION: parse_duration,
    Edm.REVOCATION_STATUS: parse_revocation_status,
}

PATTERNS: dict[Edm, re.Pattern[str]] = {
    Edm.INT: NUMBER,
    Edm.DECIMAL: NUMBER,
    Edm.DATE: DATE,
    Edm.TIME_OF_DAY: TIME_OF_DAY,
}


def parse_value(kind: Edm, literal: str) -> Any:
    """Return the Python value of a literal's text, or raise ValueError with a reason.

    A number is an int where it can be one; a revocation status is its number.
    """
    mismatch = ValueError(f"{literal[:50]!r} is not an {kind}")
    if kind in PATTERNS and not PATTERNS[kind].fullmatch(literal):
        raise mismatch
    try:
        return PARSERS[kind](literal)
    except (KeyError, decimal.InvalidOperation):
        raise mismatch from None
