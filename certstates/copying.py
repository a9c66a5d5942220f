"""Many rows into a model's table at once, by PostgreSQL's COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

# A refusal is heard when a COPY ends, so none is long; nor does it wait for all rows.
ROWS_AT_A_TIME = 10_000


def copy_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows, mappings of a field's name to its value: all of them or none.

    Fields whose default is the database's are left to it. Rows are read as they are
    written, so that memory does not grow with their number. Nothing validates them
    but the table's own constraints.
    """
    fields = [f for f in model._meta.concrete_fields if not f.has_db_default()]
    table = sql.Identifier(model._meta.db_table)
    columns = sql.SQL(", ").join([sql.Identifier(str(f.column)) for f in fields])
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
    types = [str(f.db_type(connection)).partition("(")[0] for f in fields]
    values = map(itemgetter(*(f.attname for f in fields)), rows)
    with transaction.atomic(), connection.cursor() as cursor:
        # COPY passes django-pghistory by; a statement before it tells who writes.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for chunk in chunks(values):
            # Django translates the errors of execute() by itself, but not of copy().
            with (
                connection.wrap_database_errors,
                cursor.copy(statement.format(table, columns)) as copy,
            ):
                copy.set_types(types)
                for row in chunk:
                    copy.write_row(row)
        # Without statistics the next question would be planned for the table before.
        cursor.execute(sql.SQL("ANALYZE {}").format(table).as_string())


def chunks(rows: Iterator[Any]) -> Iterator[Iterator[Any]]:
    """Yield the rows in portions, each to be read before the next."""
    for first in rows:
        yield chain([first], islice(rows, ROWS_AT_A_TIME - 1))
