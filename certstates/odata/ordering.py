"""``$orderby``: a total order of the records, and a record's place in it.

Nulls are lowest (OData 4.01 Part 1, section 11.2.6.2), enumerations sort by number, and
texts as they compare: in any case, by their code points. The id is always the last key,
so that no two records share a place.
"""

import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db.models import F, OrderBy, Value

from certstates.errors import BadRequest
from certstates.models import KEY_LENGTH, CertificateStateQuerySet
from certstates.odata import sql, syntax
from certstates.odata.expressions import Binder
from certstates.odata.operators import truth
from certstates.odata.sql import Typed, comparable, text
from certstates.odata.values import Edm

OPTION = "$orderby"
MOST_KEYS = 8
# Each key is selected, sorted by and compared with the last page's.
MOST_WEIGHT = sql.MOST_WEIGHT // 5
MICROSECOND = dt.timedelta(microseconds=1)

# From a sort key's value to JSON, and back.
DUMP: dict[Edm, Callable[[Any], Any]] = {
    Edm.INT: str,
    Edm.DECIMAL: str,
    Edm.DATE_TIME_OFFSET: dt.datetime.isoformat,
    Edm.DATE: dt.date.isoformat,
    Edm.TIME_OF_DAY: dt.time.isoformat,
    Edm.DURATION: lambda value: value // MICROSECOND,
}
LOAD: dict[Edm, Callable[[Any], Any]] = {
    Edm.INT: decimal.Decimal,
    Edm.DECIMAL: decimal.Decimal,
    Edm.DATE_TIME_OFFSET: dt.datetime.fromisoformat,
    Edm.DATE: dt.date.fromisoformat,
    Edm.TIME_OF_DAY: dt.time.fromisoformat,
    Edm.DURATION: lambda value: value * MICROSECOND,
}


@dataclass(frozen=True)
class SortKey:
    found: Typed
    descending: bool

    @classmethod
    def of(cls, found: Typed, *, descending: bool) -> Self:
        if found.type == Edm.STRING and found.sql != F("id"):
            [folded] = comparable(found)
            template = f'LEFT({{0}}, {KEY_LENGTH}) COLLATE "C"'
            found = Typed.made(Edm.STRING, template, folded)
        return cls(found, descending)

    @property
    def order_by(self) -> OrderBy:
        # An index in PostgreSQL's default order serves what does not speak of nulls.
        nullable = self.found.nullable
        return OrderBy(
            self.found.sql,
            descending=self.descending,
            nulls_first=True if nullable and not self.descending else None,
            nulls_last=True if nullable and self.descending else None,
        )

    def dump(self, value: Any) -> Any:
        return value if value is None else DUMP.get(self.found.type, _as_it_is)(value)

    def load(self, value: Any) -> Typed | None:
        """Return the value for SQL, or None for null."""
        if value is None:
            return None
        if self.found.type == Edm.STRING:
            return Typed(Edm.STRING, text(value))
        loaded = LOAD.get(self.found.type, _as_it_is)(value)
        return Typed(self.found.type, Value(loaded))

    def beyond(self, value: Typed | None) -> Typed:
        """Return whether a record's key comes after the value."""
        if value is None:
            return truth(
                "FALSE" if self.descending else "({0} IS NOT NULL)", self.found
            )
        if not self.descending:
            return truth("({0} > {1})", self.found, value)
        or_null = " OR {0} IS NULL" if self.found.nullable else ""
        return truth(f"({{0}} < {{1}}{or_null})", self.found, value)

    def stretches_beyond(self, value: Typed | None) -> list[Typed]:
        """Return ``beyond`` in parts, each of which is one stretch of an index."""
        if value is None or not self.descending or not self.found.nullable:
            return [self.beyond(value)]
        nulls = truth("({0} IS NULL)", self.found)
        return [truth("({0} < {1})", self.found, value), nulls]

    def equals(self, value: Typed | None) -> Typed:
        if value is None:
            return truth("({0} IS NULL)", self.found)
        return truth("({0} = {1})", self.found, value)


def _as_it_is(value: Any) -> Any:
    return value


BY_ID = SortKey(Typed(Edm.STRING, F("id"), exact=True), descending=False)


@dataclass(frozen=True)
class Ordering:
    """Some sort keys, the last of which is the id."""

    keys: tuple[SortKey, ...] = (BY_ID,)

    def apply(self, queryset: CertificateStateQuerySet) -> CertificateStateQuerySet:
        # nosemgrep: orm-names -- expressions, and no names
        return queryset.order_by(*(key.order_by for key in self.keys))

    def annotations(self) -> dict[str, Any]:
        """Return the expressions whose values make up a record's place."""
        return {f"key_{n}": key.found.sql for n, key in enumerate(self.keys)}

    def dump(self, values: Sequence[Any]) -> list[Any]:
        return [k.dump(value) for k, value in zip(self.keys, values, strict=True)]

    def after(self, dumped: Sequence[Any]) -> Typed:
        """Return whether a record comes after the place of these dumped values."""
        values = [k.load(value) for k, value in zip(self.keys, dumped, strict=True)]
        if self._is_row_comparison():
            return self._row_comparison([value for value in values if value])
        condition = self.keys[-1].beyond(values[-1])
        for key, value in [*zip(self.keys, values, strict=True)][-2::-1]:
            condition = truth(
                "({0} OR ({1} AND {2}))",
                key.beyond(value),
                key.equals(value),
                condition,
            )
        return condition

    def stretches_after(self, dumped: Sequence[Any]) -> list[Typed]:
        """Return ``after`` in parts that follow each other in this order.

        An index over all keys leads to the beginning of each, at any depth. Only the
        first key may be null.
        """
        first, *rest = self.keys
        if not first.found.nullable:
            return [self.after(dumped)]
        value = first.load(dumped[0])
        within = Ordering((*rest,)).after(dumped[1:])
        same = truth("({0} AND {1})", first.equals(value), within)
        return [same, *first.stretches_beyond(value)]

    def reversed(self) -> "Ordering":
        """Return the order that begins with the last record."""
        keys = (replace(key, descending=not key.descending) for key in self.keys)
        return Ordering((*keys,))

    def _is_row_comparison(self) -> bool:
        directions = {key.descending for key in self.keys}
        return len(directions) == 1 and not any(k.found.nullable for k in self.keys)

    def _row_comparison(self, values: list[Typed]) -> Typed:
        """Return the form that an index over all keys serves at any depth."""
        count = len(self.keys)
        left = ", ".join(f"{{{n}}}" for n in range(count))
        right = ", ".join(f"{{{n}}}" for n in range(count, 2 * count))
        sign = "<" if self.keys[0].descending else ">"
        founds = [key.found for key in self.keys]
        return truth(f"(({left}) {sign} ({right}))", *founds, *values)


def parse_ordering(text: str | None, aliases: Mapping[str, str]) -> Ordering:
    """Return the order that ``$orderby`` asks for; without it, that of the ids."""
    if text is None:
        return Ordering()
    items: tuple[syntax.SortItem, ...] = syntax.parse(text, "orderby", option=OPTION)
    if len(items) > MOST_KEYS:
        raise BadRequest(
            f"$orderby has {len(items)} keys; {MOST_KEYS} are allowed.", target=OPTION
        )
    # By now() the next page would be cut from another order.
    binder = Binder(OPTION, aliases, without=frozenset({"now"}))
    bound = [(binder.bind(item.children[0]), item.descending) for item in items]
    keys = [
        SortKey.of(found, descending=descending)
        for found, descending in bound
        if not found.is_constant
    ]
    if sum(key.found.weight for key in keys) > MOST_WEIGHT:
        raise BadRequest(
            f"$orderby becomes SQL of more than {MOST_WEIGHT} parts.", target=OPTION
        )
    return Ordering(with_id(keys))


def with_id(keys: list[SortKey]) -> tuple[SortKey, ...]:
    """Return the keys with the id at the end; what follows an id decides nothing."""
    for n, key in enumerate(keys):
        if key.found.sql == F("id"):
            return (*keys[: n + 1],)
    # The same direction as the last key's: an index can be read backwards as a whole.
    descending = keys[-1].descending if keys else False
    return (*keys, SortKey(BY_ID.found, descending))
