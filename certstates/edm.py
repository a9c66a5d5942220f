"""The primitive types of OData that the entity uses, as serializer fields.

Each takes exactly the JSON that OData JSON Format 4.01, section 7.1, gives the type,
and says what it found instead.
"""

import datetime as dt
import re
from typing import Any

from rest_framework import serializers

from certstates.models import RevocationStatus

# dateTimeOffsetValue of the OData ABNF; T and Z in either case, seconds optional.
DATE_TIME_OFFSET = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<minute>\d\d:\d\d)"
    r"(?P<second>:\d\d)?(?:\.(?P<fraction>\d{1,12}))?(?P<offset>Z|[+-]\d\d:[0-5]\d)",
    re.ASCII | re.IGNORECASE,
)
JSON_TYPES: dict[type, str] = {
    dict: "an object",
    float: "a number with a fraction or an exponent",
    int: "a number",
    list: "an array",
    str: "a string",
    type(None): "null",
}
PRECISION = 6  # digits of a second, as many as Python and PostgreSQL keep
LARGEST_OFFSET = dt.timedelta(hours=14)


def microseconds(fraction: str) -> str:
    """Return the digits of a second that are kept; the others are cut off."""
    return f"{fraction[:PRECISION]:0<{PRECISION}}"


def json_type(value: Any) -> str:
    """Return what a parsed JSON value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return JSON_TYPES[type(value)]


class EdmField(serializers.Field[Any, Any, Any, Any]):
    """A field of one OData type; null is refused unless ``allow_null`` is set."""

    type_name: str  # without the namespace Edm
    edm_type: str  # for messages
    precision: int | None = None  # digits of a second
    json_types: tuple[type, ...] = (str,)
    default_error_messages = {
        "invalid_type": "Expected {expected}, found {found}.",
        "null": "This property must not be null.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if type(data) not in self.json_types:
            self.fail("invalid_type", expected=self.edm_type, found=json_type(data))
        return self.parse(data)

    def parse(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class EdmString(EdmField):
    type_name = "String"
    edm_type = "Edm.String"


class EdmInt32(EdmField):
    """A whole number; the model's field knows its range."""

    type_name = "Int32"
    edm_type = "Edm.Int32 (a whole number)"
    json_types = (int,)


class EdmDateTimeOffset(EdmField):
    """A moment in UTC. Digits beyond microseconds are cut off, never rounded."""

    type_name = "DateTimeOffset"
    edm_type = "Edm.DateTimeOffset (a string)"
    precision = PRECISION
    default_error_messages = {
        "format": "Not an Edm.DateTimeOffset: expected a date, a time and an offset, "
        "such as 2027-01-05T10:00:00Z.",
        "impossible": "There is no such moment: {reason}.",
        "offset": "An offset lies between -14:00 and +14:00.",
        "overflow": "In UTC this moment lies outside the years 0001 to 9999.",
    }

    def parse(self, data: str) -> dt.datetime:
        match = DATE_TIME_OFFSET.fullmatch(data)
        if not match or (match["fraction"] and not match["second"]):
            self.fail("format")
        fraction = microseconds(match["fraction"] or "")
        time = f"{match['minute']}{match['second'] or ':00'}.{fraction}"
        offset = match["offset"].upper()
        try:
            moment = dt.datetime.fromisoformat(f"{match['date']}T{time}{offset}")
        except ValueError as error:
            self.fail("impossible", reason=error)
        if abs(moment.utcoffset() or dt.timedelta()) > LARGEST_OFFSET:
            self.fail("offset")
        try:
            return moment.astimezone(dt.UTC)
        except OverflowError:
            self.fail("overflow")

    def to_representation(self, value: dt.datetime) -> str:
        text = value.astimezone(dt.UTC).isoformat().removesuffix("+00:00")
        return (text.rstrip("0") if value.microsecond else text) + "Z"


class EdmRevocationStatus(EdmField):
    type_name = "microsoft.graph.certificateRevocationStatus"
    edm_type = "microsoft.graph.certificateRevocationStatus (a string)"
    default_error_messages = {
        "member": "Unknown member {value!r}; expected one of {members}."
    }

    def parse(self, data: str) -> RevocationStatus:
        try:
            return RevocationStatus.from_wire(data)
        except KeyError:
            members = ", ".join(member.wire_name for member in RevocationStatus)
            self.fail("member", value=data[:50], members=members)

    def to_representation(self, value: int) -> str:
        return RevocationStatus(value).wire_name
