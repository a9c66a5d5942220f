"""Rows on their way into a temporary table, where PostgreSQL can compare them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection

from certstates.copying import copy_chunk
from certstates.importing.laws import COLUMNS, Judge
from certstates.importing.statements import COPY, CREATE, PREPARE
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sources import Row

# A file is read between two copies, never within one: reading may fail, or take long.
ROWS_AT_A_TIME = 1_000
# From here on it pays to tell PostgreSQL more about the rows.
MANY = 10_000

STATE_TYPES = {
    field.name: str(field.db_type(connection)).partition("(")[0]
    for field in State._meta.concrete_fields
}
TYPES = [
    *("int4", "int8", STATE_TYPES["id"], "int4", "int4", "bool", "text"),
    *(STATE_TYPES[column] for column in COLUMNS),
]


def stage(rows: Iterable[Row], judge: Judge) -> int:
    """Put the rows into a table of this transaction's own; return how many they are."""
    numbered = lines(rows, judge)
    number = 0
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        while chunk := [*islice(numbered, ROWS_AT_A_TIME)]:
            copy_chunk(cursor, COPY, TYPES, chunk)
            number += len(chunk)
        if number >= MANY:
            cursor.execute(PREPARE)
    return number


def lines(rows: Iterable[Row], judge: Judge) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        *judged, values = judge.judge(row)
        yield number, *judged, *values
