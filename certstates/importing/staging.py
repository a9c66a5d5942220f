"""Rows on their way into a temporary table, where PostgreSQL can compare them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection

from certstates.copying import copy_chunk
from certstates.importing.laws import COLUMNS, Judge
from certstates.importing.statements import COPY, CREATE, PREPARE, TYPES
from certstates.sources import Row

# A file is read between two copies, never within one: reading may fail, or take long.
ROWS_AT_A_TIME = 1_000
# From here on it pays to tell PostgreSQL more about the rows.
MANY = 10_000


def plain(column: str) -> str:
    """Return the name of a column's type, without a length."""
    return TYPES[column].partition("(")[0]


BINARY = [
    *("int4", "int8", plain("id"), "int4", "int4", "bool", "text"),
    *map(plain, COLUMNS),
]


def stage(rows: Iterable[Row], judge: Judge) -> int:
    """Put the rows into a table of this transaction's own; return how many they are."""
    numbered = lines(rows, judge)
    number = 0
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        while chunk := [*islice(numbered, ROWS_AT_A_TIME)]:
            copy_chunk(cursor, COPY, BINARY, chunk)
            number += len(chunk)
        if number >= MANY:
            cursor.execute(PREPARE)
    return number


def lines(rows: Iterable[Row], judge: Judge) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        *judged, values = judge.judge(row)
        yield number, *judged, *values
