"""Many rows into a model's table at once, by PostgreSQL's COPY."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

# A refusal is heard when a COPY ends, so none is long; nor does it wait for all rows.
ROWS_AT_A_TIME = 10_000
# All indexes but those of constraints: how to drop one, and how to make it again.
INDEXES = """
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = %s::regclass
AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
"""


def copy_rows(
    model: type[models.Model],
    rows: Iterable[Mapping[str, Any]],
    *,
    anew: bool = False,
) -> None:
    """Write rows, mappings of a field's name to its value: all of them or none.

    Fields whose default is the database's are left to it. Rows are read as they are
    written, so that memory does not grow with their number. Nothing validates them but
    the table's own constraints.

    ``anew`` builds the indexes when all rows are there, which is several times faster
    where these outnumber the ones before. Nobody else can use the table meanwhile.
    """
    table = sql.Identifier(model._meta.db_table)
    fields = [f for f in model._meta.concrete_fields if not f.has_db_default()]
    columns = sql.SQL(", ").join([sql.Identifier(str(f.column)) for f in fields])
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(table, columns)
    types = [str(f.db_type(connection)).partition("(")[0] for f in fields]
    values = map(itemgetter(*(f.attname for f in fields)), rows)
    with transaction.atomic(), connection.cursor() as cursor:
        # COPY passes django-pghistory by; a statement before it tells who writes.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with indexes_built_anew(cursor, table) if anew else contextlib.nullcontext():
            for first in values:
                chunk = chain([first], islice(values, ROWS_AT_A_TIME - 1))
                copy_chunk(cursor, copy, types, chunk)
        # Without statistics the next question would be planned for the table before.
        # nosemgrep: sql-built -- psycopg quotes the name of the model's table
        cursor.execute(sql.SQL("ANALYZE {}").format(table).as_string())


def copy_chunk(
    cursor: CursorWrapper,
    statement: sql.Composed | str,
    types: list[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    # Django translates the errors of execute() by itself, and not those of copy().
    # nosemgrep: sql-built -- psycopg quotes the model's names
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@contextlib.contextmanager
def indexes_built_anew(cursor: CursorWrapper, table: sql.Identifier) -> Iterator[None]:
    """Drop a table's indexes, and build them of all that was then written.

    The transaction brings them back if that fails. Constraints keep theirs.
    """
    cursor.execute(INDEXES, [table.as_string()])
    indexes = cursor.fetchall()
    for drop, _ in indexes:
        # nosemgrep: sql-built -- PostgreSQL wrote it, and quoted its names
        cursor.execute(drop)
    yield
    cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for _, create in indexes:
        # nosemgrep: sql-built -- PostgreSQL wrote it, and quoted its names
        cursor.execute(create)
