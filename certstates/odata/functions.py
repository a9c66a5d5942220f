"""The canonical functions: what each takes, what it returns, and its SQL.

Source: OData 4.01 Part 2, section 5.1.1.4 to 5.1.1.9. A function of null is null.
``$metadata`` and the documentation list what stands in ``FUNCTIONS``.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Value
from django.utils import timezone

from certstates.models import FIRST_MOMENT, LAST_MOMENT
from certstates.odata.sql import Typed, comparable, like_pattern
from certstates.odata.values import Edm

# What Python's str.strip() takes off, which is Unicode's White_Space and four more.
WHITE_SPACE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())


@dataclass(frozen=True)
class Overload:
    """One way to call a function."""

    parameters: tuple[Edm, ...]
    returns: Edm
    build: Callable[..., Typed]


def template(returns: Edm, sql: str, *parameters: Edm) -> Overload:
    def build(*arguments: Typed) -> Typed:
        return Typed.made(returns, sql, *arguments)

    return Overload(parameters, returns, build)


def text_test(before: str, after: str, otherwise: str) -> Overload:
    """Return a test of texts: LIKE for a literal, so that an index can serve it."""

    def build(where: Typed, what: Typed) -> Typed:
        sql = otherwise
        if what.literal is not None:
            pattern = like_pattern(before, what.literal, after)
            what, sql = Typed(Edm.STRING, pattern), "({0} LIKE {1})"
        return Typed.made(Edm.BOOLEAN, sql, *comparable(where, what))

    return Overload((Edm.STRING, Edm.STRING), Edm.BOOLEAN, build)


def index_of(where: Typed, what: Typed) -> Typed:
    sql = "(STRPOS({0}, {1}) - 1)"
    return Typed.made(Edm.INT, sql, *comparable(where, what))


def moment(tell: Callable[[], dt.datetime]) -> Overload:
    def build() -> Typed:
        return Typed(Edm.DATE_TIME_OFFSET, Value(tell()))

    return Overload((), Edm.DATE_TIME_OFFSET, build)


def part(unit: str) -> tuple[Overload, ...]:
    """Return the overloads that take a whole number out of a date or a time."""
    whole = f"FLOOR(EXTRACT({unit} FROM {{0}}))::int"
    in_utc = f"FLOOR(EXTRACT({unit} FROM {{0}} AT TIME ZONE 'UTC'))::int"
    of_date = unit in ("YEAR", "MONTH", "DAY")
    return (
        template(Edm.INT, in_utc, Edm.DATE_TIME_OFFSET),
        template(Edm.INT, whole, Edm.DATE if of_date else Edm.TIME_OF_DAY),
    )


# Positions count from 0; what lies before the text begins at its beginning.
# GREATEST and LEAST pass over nulls, and a function of null is null.
START = "CASE WHEN {1} IS NOT NULL THEN GREATEST(0, LEAST({1}, 1000000))::int + 1 END"
COUNT = "CASE WHEN {2} IS NOT NULL THEN GREATEST(0, LEAST({2}, 1000000))::int END"
# The id's own collation, "C", has no letters but those of ASCII.
ANY_LANGUAGE = '{0} COLLATE "default"'
FRACTION = "MOD(EXTRACT(SECOND FROM {0}), 1)"
FRACTION_IN_UTC = "MOD(EXTRACT(SECOND FROM {0} AT TIME ZONE 'UTC'), 1)"

FUNCTIONS: dict[str, tuple[Overload, ...]] = {
    "contains": (text_test("%", "%", "(STRPOS({0}, {1}) > 0)"),),
    "startswith": (text_test("", "%", "STARTS_WITH({0}, {1})"),),
    "endswith": (text_test("%", "", "(RIGHT({0}, CHAR_LENGTH({1})) = {1})"),),
    "length": (template(Edm.INT, "CHAR_LENGTH({0})", Edm.STRING),),
    "indexof": (Overload((Edm.STRING, Edm.STRING), Edm.INT, index_of),),
    "substring": (
        template(Edm.STRING, f"SUBSTR({{0}}, {START})", Edm.STRING, Edm.INT),
        template(
            Edm.STRING,
            f"SUBSTR({{0}}, {START}, {COUNT})",
            *(Edm.STRING, Edm.INT, Edm.INT),
        ),
    ),
    "tolower": (template(Edm.STRING, f"LOWER({ANY_LANGUAGE})", Edm.STRING),),
    "toupper": (template(Edm.STRING, f"UPPER({ANY_LANGUAGE})", Edm.STRING),),
    "trim": (
        Overload(
            (Edm.STRING,),
            Edm.STRING,
            lambda text: Typed.made(
                Edm.STRING,
                "BTRIM({0}, {1})",
                text,
                Typed(Edm.STRING, Value(WHITE_SPACE)),
            ),
        ),
    ),
    "concat": (template(Edm.STRING, "({0} || {1})", Edm.STRING, Edm.STRING),),
    "year": part("YEAR"),
    "month": part("MONTH"),
    "day": part("DAY"),
    "hour": part("HOUR"),
    "minute": part("MINUTE"),
    "second": part("SECOND"),
    "fractionalseconds": (
        template(Edm.DECIMAL, FRACTION_IN_UTC, Edm.DATE_TIME_OFFSET),
        template(Edm.DECIMAL, FRACTION, Edm.TIME_OF_DAY),
    ),
    "date": (
        template(Edm.DATE, "({0} AT TIME ZONE 'UTC')::date", Edm.DATE_TIME_OFFSET),
    ),
    "time": (
        template(
            Edm.TIME_OF_DAY, "({0} AT TIME ZONE 'UTC')::time", Edm.DATE_TIME_OFFSET
        ),
    ),
    # Everything is kept in UTC.
    "totaloffsetminutes": (
        template(Edm.INT, "CASE WHEN {0} IS NOT NULL THEN 0 END", Edm.DATE_TIME_OFFSET),
    ),
    "totalseconds": (template(Edm.DECIMAL, "EXTRACT(EPOCH FROM {0})", Edm.DURATION),),
    "now": (moment(timezone.now),),
    "mindatetime": (moment(lambda: FIRST_MOMENT),),
    "maxdatetime": (moment(lambda: LAST_MOMENT),),
    "round": (template(Edm.DECIMAL, "ROUND({0}::numeric)", Edm.DECIMAL),),
    "floor": (template(Edm.DECIMAL, "FLOOR({0}::numeric)", Edm.DECIMAL),),
    "ceiling": (template(Edm.DECIMAL, "CEILING({0}::numeric)", Edm.DECIMAL),),
}

# Canonical functions that OData has and this server does not.
NOT_OFFERED = frozenset(
    [
        "case",
        "cast",
        "geo.distance",
        "geo.intersects",
        "geo.length",
        "hassubsequence",
        "hassubset",
        "isof",
        "matchespattern",
    ]
)
