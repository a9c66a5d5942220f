"""Numbers that stay cheap: exact as far as a cap, and estimated beyond it.

PostgreSQL keeps no count of what a condition meets, but its planner has an estimate of
it. So a count stops at a cap; only what goes beyond it is estimated.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count as CountOf
from django.db.models import F, QuerySet
from django.db.models.lookups import GreaterThan

Records = QuerySet[Any, Any]
Key = TypeVar("Key", bound=Hashable)

CAP = 10_000
DIGITS = 3  # as many as an estimate is worth

# The planner's sample of a column. A fraction is one of all rows, null or not; the
# values come in an array of any type, which only its text leads out of.
MOST_COMMON = """
SELECT unnest(most_common_vals::text::text[]), unnest(most_common_freqs)
FROM pg_stats
WHERE attname = %s AND NOT inherited AND (schemaname, tablename) = (
    SELECT nspname, relname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE pg_class.oid = to_regclass(%s)
)
"""


@dataclass(frozen=True)
class Count:
    """How many there are: ``12,345``, or ``about 203,000``."""

    value: int
    is_exact: bool = True

    def __str__(self) -> str:
        return self.digits if self.is_exact else f"about {self.digits}"

    @property
    def digits(self) -> str:
        return f"{self.value if self.is_exact else rounded(self.value):,}"

    @property
    def short(self) -> str:
        """Return what fits into a narrow place: ``950``, ``81k``, ``1.2M``."""
        for least, unit, name in ((999_500, 1_000_000, "M"), (1_000, 1_000, "k")):
            if self.value >= least:
                number = self.value / unit
                return f"{number:.{0 if number >= 9.95 else 1}f}{name}"
        return str(self.value)

    @property
    def source(self) -> str:
        return "" if self.is_exact else "estimated from the database's statistics"


def rounded(number: int) -> int:
    return round(number, min(0, DIGITS - len(str(number))))


def count_or_estimate(queryset: Records, *, cap: int = CAP) -> Count:
    """Count what a QuerySet finds, in one query or (beyond the cap) in two.

    The QuerySet's order is kept, as it says which index can serve; without an order
    the planner is free to choose.
    """
    return counts_or_estimates({None: queryset}, cap=cap)[None]


def counts_or_estimates(
    querysets: Mapping[Key, Records], *, cap: int = CAP
) -> dict[Key, Count]:
    """Count what each QuerySet finds: one query for all, and one for the estimates."""
    found = dict(zip(querysets, counted(querysets.values(), cap=cap), strict=True))
    beyond = [key for key, number in found.items() if number > cap]
    expected = estimated([querysets[key] for key in beyond])
    counts = {key: Count(number) for key, number in found.items()}
    for key, number in zip(beyond, expected, strict=True):
        counts[key] = Count(max(number, cap), is_exact=False)
    return counts


def counted(querysets: Iterable[Records], *, cap: int) -> list[int]:
    """Return how many rows each finds; one more than the cap means even more."""
    parts = [queryset.values("pk")[: cap + 1] for queryset in querysets]
    return (
        list(ask("{}", "(SELECT count(*) FROM ({}) AS part)", parts)) if parts else []
    )


def estimated(querysets: Iterable[Records]) -> list[int]:
    """Return how many rows the planner expects of each; none of them is read.

    EXISTS keeps the questions apart: each has a plan of its own, in their order, whose
    first node tells of all its rows.
    """
    parts = [queryset.values("pk") for queryset in querysets]
    if not parts:
        return []
    ([explained],) = ask("EXPLAIN (FORMAT JSON) {}", "EXISTS ({})", parts)
    return [plan["Plan Rows"] for plan in explained["Plan"]["Plans"]]


def ask(statement: str, part: str, querysets: list[Records]) -> tuple[Any, ...]:
    """Ask one question of several QuerySets, and return the row of answers."""
    compiled = [sql_of(queryset) for queryset in querysets]
    columns = ", ".join(part.format(sql) for sql, _ in compiled)
    parameters = [value for _, values in compiled for value in values]
    with connection.cursor() as cursor:
        # nosemgrep: sql-built -- Django's own SQL, inside constants
        cursor.execute(statement.format(f"SELECT {columns}"), parameters)
        row: tuple[Any, ...] = cursor.fetchone() or ()
    return row


def sql_of(queryset: Records) -> tuple[str, tuple[Any, ...]]:
    try:
        return queryset.query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking
        return "SELECT 1 WHERE false", ()


@dataclass(frozen=True)
class Shares:
    """The most common texts of a column, and how many rows hold another or none."""

    largest: list[tuple[str, Count]]
    others: Count


def shares_of(queryset: Records, column: str, *, total: Count, most: int) -> Shares:
    """Return which texts a column of a whole table holds most often.

    A table that is counted exactly is grouped; of a larger one PostgreSQL's sample
    tells, which ANALYZE takes (and autovacuum calls that).
    """
    if total.is_exact:
        largest = grouped(queryset, column, most=most)
    else:
        largest = sampled(queryset, column, total=total, most=most)
    named = sum(count.value for _, count in largest)
    return Shares(largest, Count(max(0, total.value - named), total.is_exact))


def grouped(queryset: Records, column: str, *, most: int) -> list[tuple[str, Count]]:
    # nosemgrep: orm-names -- the overview's column, a constant
    groups = queryset.filter(GreaterThan(F(column), "")).order_by().values_list(column)
    # nosemgrep: orm-names -- the same
    largest = groups.annotate(number=CountOf("pk")).order_by("-number", column)[:most]
    return [(text, Count(number)) for text, number in largest]


def sampled(
    queryset: Records, column: str, *, total: Count, most: int
) -> list[tuple[str, Count]]:
    with connection.cursor() as cursor:
        cursor.execute(MOST_COMMON, [column, queryset.model._meta.db_table])
        texts = [(text, fraction) for text, fraction in cursor.fetchall() if text]
    return [
        (text, Count(round(fraction * total.value), is_exact=False))
        for text, fraction in texts[:most]
    ]
