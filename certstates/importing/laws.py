"""A row by the laws of the API: its values for the table, or what is wrong with them.

The law is ``CertificateStateSerializer`` and, in it, the model's ``full_clean()``. It
takes its time. Nearly all values of nearly all files are plainly right, so a quick
look comes first, one for each type: it knows some values that the law takes, and what
it makes of them. Whatever a quick look does not know is left to the law itself, so
nothing is accepted or refused here that the API would not (a test compares them).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from certstates.errors import BadRequest
from certstates.models import (
    ID_PATTERN,
    RevocationStatus,
    camel_case,
    refuse_unstorable,
)
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.serializers import CertificateStateSerializer
from certstates.sources import Row
from certstates.sources.identity import derived_id, in_capitals
from certstates.sources.names import FIELDS, required

# The columns of a record but its id, and the bit that stands for each.
COLUMNS = State.GRAPH_PROPERTIES[1:]
NAMES = tuple(camel_case(column) for column in COLUMNS)
BITS = {name: 1 << place for place, name in enumerate(NAMES)}
# What tells one certificate on one device from all others. Status and usages are not
# among them: a new status changes the record, and makes no other one.
NATURAL_KEY = (
    "managedDeviceDisplayName",
    "userPrincipalName",
    "certificateThumbprint",
    "certificateSerialNumber",
    "certificateIssuerName",
    "certificateSubjectName",
    "certificateIssuanceDateTime",
    "certificateExpirationDateTime",
)
THUMBPRINT = NATURAL_KEY.index("certificateThumbprint")
MOMENTS = tuple(name.endswith("DateTime") for name in NATURAL_KEY)
PLAIN_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII
).fullmatch
ID = re.compile(ID_PATTERN).search
LARGEST = 2**31

Quick = Callable[[Any], Any]
moment_of = dt.datetime.fromisoformat


class Unsure(Exception):
    """A quick look does not know; the law has to."""


class Judged(NamedTuple):
    """A row as it waits in the table of staged rows.

    ``given`` are the bits of what the row names, ``lacks`` of what a new record would
    need besides. ``told`` is JSON of the row's own values and of its faults, or nothing
    for a row that may become a record.
    """

    line: int
    id: str | None
    given: int
    lacks: int
    is_derived: bool
    told: str | None
    values: tuple[Any, ...]


class RowSerializer(CertificateStateSerializer):
    """The API's law for what a row names, whether its record is there or not."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        self.check_by_model(attrs, excluded={*self.Meta.fields} - {*attrs})
        return attrs


def quick_id(value: Any) -> str:
    if type(value) is str and len(value) <= 255 and value.isascii() and ID(value):
        return value
    raise Unsure


def quick_text(longest: int) -> Quick:
    def quick(value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is not str or len(value) > longest or "\0" in value:
            raise Unsure
        if value.isascii():
            return value
        try:
            value.encode()  # there may be a lone surrogate
        except UnicodeEncodeError:
            raise Unsure from None
        return value

    return quick


def quick_number(value: Any) -> int | None:
    if value is None or (type(value) is int and -LARGEST <= value < LARGEST):
        return value
    raise Unsure


def quick_moment(value: Any) -> dt.datetime:
    if type(value) is not str or not PLAIN_MOMENT(value):
        raise Unsure
    try:
        return moment_of(value)
    except ValueError:
        raise Unsure from None


STATUSES = {
    **{member.wire_name: member.value for member in RevocationStatus},
    **{str(member.value): member.value for member in RevocationStatus},
}


def quick_status(value: Any) -> int:
    if type(value) is str and (found := STATUSES.get(value)) is not None:
        return found
    raise Unsure


def quick_look(column: str) -> Quick:
    """Return the quick look for a column, by the type of the model's field."""
    field = cast("models.Field[Any, Any]", State._meta.get_field(column))
    if column == "id":
        return quick_id
    if isinstance(field, models.CharField):
        return quick_text(cast("int", field.max_length))
    if isinstance(field, models.DateTimeField):
        return quick_moment
    return quick_status if field.choices else quick_number


QUICK = {camel_case(column): quick_look(column) for column in State.GRAPH_PROPERTIES}


class Judge:
    """Reads the rows of one file. ``moment`` is when it began, for what is dated now.

    What a new record has where neither row nor source say anything is the model's to
    say, but for the date of its status: that is the same for all rows.
    """

    def __init__(self) -> None:
        self.moment = timezone.now()
        self.law = RowSerializer(partial=True)
        self.required = sum(BITS[name] for name in required())
        self.blank = dict.fromkeys(NAMES)
        self.blank["certificateRevokeStatus"] = State._meta.get_field(
            "certificate_revoke_status"
        ).get_default()
        self.blank["certificateRevokeStatusLastChangeDateTime"] = self.moment

    def judge(self, row: Row) -> Judged:
        """Return the row by the law; whether its record exists is not known yet."""
        if row.faults:
            return refused(row, [*row.faults])
        named = {**row.defaults, **row.values} if row.defaults else row.values
        try:
            found = self.read(named)
        except serializers.ValidationError as wrong:
            faults = faults_of(cast("Mapping[str, Any]", wrong.detail))
            return refused(row, faults, lacks=self.lacking(named))
        except BadRequest as wrong:
            return refused(row, [str(wrong.detail)], lacks=self.lacking(named))
        lacks = self.lacking(named)
        id = found.pop("id", None)
        is_derived = row.is_derived or id is None
        if id is None and not lacks:  # else no record could have it
            id = derived_id("record", *natural_key(found))
        given = bits_of(row.values)
        values = (*{**self.blank, **found}.values(),)
        return Judged(row.line, id, given, lacks, is_derived, None, values)

    def read(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the model's values by their names on the wire, or raise why not."""
        try:
            return {name: QUICK[name](value) for name, value in named.items()}
        except (Unsure, KeyError):
            found = self.law.run_validation({**named})
            return {camel_case(column): value for column, value in found.items()}

    def lacking(self, named: Mapping[str, Any]) -> int:
        return self.required & ~bits_of(named)


def bits_of(named: Mapping[str, Any]) -> int:
    return bits_of_names((*named,))


@lru_cache(maxsize=1000)  # the rows of a table all name the same
def bits_of_names(names: tuple[str, ...]) -> int:
    return sum(BITS.get(name, 0) for name in names)


def storable(id: str) -> bool:
    """Say whether PostgreSQL can be asked for an id at all."""
    try:
        refuse_unstorable(id)
    except ValidationError:
        return False
    return True


NOTHING = (None,) * len(COLUMNS)


def refused(row: Row, faults: list[str], *, lacks: int = 0) -> Judged:
    """Return a row that cannot become a record, with all that is to be told of it."""
    told = json.dumps({"values": row.values, "faults": faults}, default=str)
    try:
        id = quick_id(row.values.get("id"))
    except Unsure:
        id = None
    return Judged(row.line, id, 0, lacks, row.is_derived, told, NOTHING)


def natural_key(found: Mapping[str, Any]) -> list[str | None]:
    key = [
        printed(name, found.get(name)) if is_moment else found.get(name)
        for name, is_moment in zip(NATURAL_KEY, MOMENTS, strict=True)
    ]
    if thumbprint := key[THUMBPRINT]:
        key[THUMBPRINT] = in_capitals(thumbprint)
    return key


def printed(name: str, value: Any) -> Any:
    """Return a value as the API prints it."""
    return None if value is None else FIELDS[name].to_representation(value)


def faults_of(found: Mapping[str, Sequence[ErrorDetail]]) -> list[str]:
    """Return the API's sentences."""
    return [f"{name}: {error}" for name, errors in found.items() for error in errors]
