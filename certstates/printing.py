"""Records as PostgreSQL itself prints them: the API's values, and the cells of CSV.

It prints while it reads, beside Python and several times as fast, and sends all rows by
one COPY, that is of one moment. The prints are those of ``certstates.edm`` and of
``certstates.cells``, character by character.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import mogrify
from django.db.models import Expression, F, TextField
from psycopg import Copy
from psycopg.abc import Buffer

from certstates.cells import AMISS
from certstates.edm import EdmDateTimeOffset, EdmField, EdmInt32, EdmRevocationStatus
from certstates.models import CertificateStateQuerySet, RevocationStatus
from certstates.odata.representation import FIELDS
from certstates.odata.sql import Sql, text

Row = tuple[Any, ...]

# Of this transaction alone. Dates stand in texts as ISO 8601 has them. A COPY is one
# statement however slowly its rows are taken, and not worth compiling.
SETTINGS = """
SELECT set_config('datestyle', 'ISO', true), set_config('statement_timeout', '0', true),
       set_config('jit', 'off', true)
"""
COPY = "COPY ({}) TO STDOUT (FORMAT {})"
MOMENT = "translate(({0} AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'"
MEMBERS = " ".join(f"WHEN {m.value} THEN '{m.wire_name}'" for m in RevocationStatus)
STATUS = f"CASE {{0}} {MEMBERS} END"
# What begins with a letter or a digit is no formula. Most do, and that is soon seen.
PLAIN = "ascii({0}) BETWEEN 65 AND 122 OR ascii({0}) BETWEEN 48 AND 57"
CELL = (
    f"CASE WHEN {PLAIN} THEN {{0}} WHEN {{0}} ~ {{1}} THEN '''' || {{0}} ELSE {{0}} END"
)
NOTHING = Sql("NULL::text", output_field=TextField())


def value(name: str) -> Expression | F:
    """Return a property as the API prints it; numbers and texts are as they are."""
    # nosemgrep: orm-names -- a property that the gate knows
    column = F(FIELDS[name].source or name)
    template = TEMPLATES.get(type(FIELDS[name]))
    return Sql(template, column, output_field=TextField()) if template else column


TEMPLATES: dict[type[EdmField], str] = {
    EdmDateTimeOffset: MOMENT,
    EdmRevocationStatus: STATUS,
}


def cell(name: str) -> Expression | F:
    """Return a property as a cell: only free text can be a formula."""
    printed = value(name)
    if type(FIELDS[name]) in (*TEMPLATES, EdmInt32):
        return printed
    return Sql(CELL, printed, text(AMISS), output_field=TextField())


def rows(records: CertificateStateQuerySet, names: Sequence[str]) -> Iterator[Row]:
    """Yield the properties of each record, as they are at one moment."""
    types = ["int4" if type(FIELDS[n]) is EdmInt32 else "text" for n in names]
    with copied(records, [value(name) for name in names], "BINARY") as copy:
        if copy:
            copy.set_types(types)
            yield from copy.rows()


def lines(
    records: CertificateStateQuerySet, cells: Sequence[Expression | F]
) -> Iterator[Buffer]:
    """Yield each record as a line of CSV, as they are at one moment."""
    with copied(records, cells, "CSV") as copy:
        if copy:
            yield from copy


@contextmanager
def copied(
    records: CertificateStateQuerySet,
    columns: Sequence[Expression | F],
    form: str,
) -> Iterator[Copy | None]:
    """Begin a COPY of the records in their order; None stands for no records."""
    # nosemgrep: orm-names -- expressions, and no names
    query = records.values_list(*columns).query
    try:
        select = mogrify(*query.sql_with_params(), connection)
    except EmptyResultSet:  # Django knows without asking
        yield None
        return
    statement = COPY.format(select, form)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        # Django translates the errors of execute() by itself, and not those of copy().
        # nosemgrep: sql-built -- Django's own SQL, inside a constant
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            yield copy
