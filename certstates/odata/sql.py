"""SQL as templates over Django's expressions, and the few pieces of it in use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    Expression,
    F,
    Field,
    Func,
    IntegerField,
    TimeField,
    Value,
)
from django.db.models.sql.compiler import SQLCompiler

from certstates.odata.values import Edm

# A part that is written once may stand in the SQL several times. These keep what comes
# of it, for one record, within a moment's work and within Python's and PostgreSQL's
# stacks; how many records it is done for is limited by statement_timeout alone.
MOST_WEIGHT = 6_000
GREATEST_DEPTH = 110

Params = tuple[Any, ...]
SLOT = re.compile(r"\{(\d+)\}")


class Sql(Func):
    """SQL with ``{0}``, ``{1}``, … in the places of its arguments.

    A slot may occur twice; a per cent sign is written twice.
    """

    def __init__(
        self, template: str, *arguments: Any, output_field: Field[Any, Any]
    ) -> None:
        super().__init__(*arguments, output_field=output_field)
        self.pattern = template

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Params]:
        pieces = [compiler.compile(source) for source in self.source_expressions]
        params = [p for n in SLOT.findall(self.pattern) for p in pieces[int(n)][1]]
        sql = SLOT.sub(lambda match: pieces[int(match[1])][0], self.pattern)
        return sql, (*params,)


def text(value: str) -> Sql:
    """Return a literal of type text; an untyped one is ambiguous to some operators."""
    return Sql("{0}::text", Value(value), output_field=CharField())


def folded(value: Expression | F) -> Sql:
    """Return a text as it compares in any case: the expression that indexes hold."""
    return Sql("UPPER({0})", value, output_field=CharField())


def like_pattern(before: str, literal: str, after: str) -> Sql:
    escaped = re.sub(r"([\\%_])", r"\\\1", literal)
    return text(f"{before}{escaped}{after}")


# How a result of each type is read back, where it serves as a sort key.
FIELDS: dict[Edm, Field[Any, Any]] = {
    Edm.NULL: CharField(),
    Edm.STRING: CharField(),
    Edm.BOOLEAN: BooleanField(),
    Edm.INT: DecimalField(),
    Edm.DECIMAL: DecimalField(),
    Edm.DATE_TIME_OFFSET: DateTimeField(),
    Edm.DATE: DateField(),
    Edm.TIME_OF_DAY: TimeField(),
    Edm.DURATION: DurationField(),
    Edm.REVOCATION_STATUS: IntegerField(),
}


@dataclass(frozen=True)
class Typed:
    """An SQL expression with its OData type.

    ``exact`` texts compare as they are; all others compare in any case. ``literal`` is
    the text of a string literal, which may still stand for a value of another type.
    ``weight`` counts the parts of the SQL, ``depth`` how deep they stand in each other.
    """

    type: Edm
    sql: Expression | F
    nullable: bool = False
    exact: bool = False
    literal: str | None = None
    value: Any = None
    weight: int = 1
    depth: int = 1

    @property
    def excess(self) -> str | None:
        """Say in words what there is too much of, if there is."""
        if self.weight > MOST_WEIGHT:
            return f"this becomes an SQL expression of more than {MOST_WEIGHT} parts"
        if self.depth > GREATEST_DEPTH:
            return "this is nested too deeply"
        return None

    @property
    def is_constant(self) -> bool:
        known = self.value is not None or self.literal is not None
        return known or self.type == Edm.NULL

    @classmethod
    def made(
        cls, kind: Edm, template: str, *arguments: Typed, nullable: bool | None = None
    ) -> Typed:
        """Return what ``template`` makes of the arguments; null if one of them is."""
        sql = Sql(template, *(a.sql for a in arguments), output_field=FIELDS[kind])
        if nullable is None:
            nullable = any(a.nullable for a in arguments)
        exact = kind == Edm.STRING and any(a.exact for a in arguments)
        used = [arguments[int(n)] for n in SLOT.findall(template)]
        return measured(cls(kind, sql, nullable, exact), used)


def weighed(literal: Typed, more: int) -> Typed:
    """Return a literal with the weight of its length."""
    return replace(literal, weight=literal.weight + more)


def measured(made: Typed, parts: Sequence[Typed]) -> Typed:
    """Return what was made of these parts with its weight and depth."""
    weight = 1 + sum(part.weight for part in parts)
    depth = 1 + max((part.depth for part in parts), default=0)
    return replace(made, weight=weight, depth=depth)


def comparable(*texts: Typed) -> list[Typed]:
    """Return texts as they compare with each other: in any case, unless one is exact.

    An id is exact, and with it whatever is compared with an id.
    """
    if any(text.exact for text in texts):
        return [*texts]
    return [replace(text, sql=folded(text.sql), exact=True) for text in texts]
