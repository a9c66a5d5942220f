"""Pages of the list by their place in its order: each costs the same, the last too.

A place is named by the keys of a record at the page's edge and travels, signed, in the
address. Whatever comes or goes meanwhile, no record is shown twice or skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.core import signing
from django.db import connection

from certstates.admin.base import WrongParameter
from certstates.models import CertificateStateQuerySet
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.ordering import Ordering

PARAMETER = "at"
LAST = "last"
SIGNER = signing.Signer(salt="certstates.admin.place")


@dataclass(frozen=True)
class Place:
    """An edge between two records, and on which side of it the page lies.

    ``keys`` are those of the record beside the edge; None stands for the end of the
    list. ``before`` tells how many records come before the edge, if that is known.
    """

    forward: bool = True
    keys: Sequence[Any] | None = None
    before: int | None = 0

    @classmethod
    def read(cls, text: str, order: str) -> Self:
        """Return the place that an address names in this order, or raise."""
        if text == LAST:
            return cls(forward=False, before=None)
        try:
            name, forward, before, *keys = SIGNER.unsign_object(text)
        except (signing.BadSignature, ValueError):
            sentence = "The address named a page that is not one of this list."
            raise WrongParameter(PARAMETER, sentence) from None
        if name != order:
            sentence = "The address named a page of the list in another order."
            raise WrongParameter(PARAMETER, sentence)
        return cls(forward, keys, before)

    def sign(self, order: str) -> str:
        place = [order, self.forward, self.before, *(self.keys or ())]
        return SIGNER.sign_object(place, compress=True)


@dataclass(frozen=True)
class Walk:
    """Records in an order, of which so many make a page.

    Of ``few`` records all are read, and then sorted: PostgreSQL would rather walk along
    the order until it met enough of them, which may be nowhere near. Of many it may.
    """

    queryset: CertificateStateQuerySet
    ordering: Ordering
    size: int
    few: bool = False

    def page(self, place: Place) -> Page:
        return self._forward(place) if place.forward else self._backward(place)

    def _forward(self, place: Place) -> Page:
        found = self.after(place.keys, self.ordering)
        shown, before = found[: self.size], place.before
        behind = None if before is None else before + len(shown)
        return Page(
            records=shown,
            previous=self.edge(shown[:1], before, forward=False)
            if place.keys
            else None,
            next=self.edge(shown[-1:], behind) if len(found) > self.size else None,
            before=before,
        )

    def _backward(self, place: Place) -> Page:
        found = self.after(place.keys, self.ordering.reversed())
        if len(found) <= self.size:  # the first page, which is no shorter than others
            return self._forward(Place())
        shown = found[self.size - 1 :: -1]
        before = None if place.before is None else max(place.before - self.size, 0)
        return Page(
            records=shown,
            previous=self.edge(shown[:1], before, forward=False),
            next=self.edge(shown[-1:], place.before) if place.keys else None,
            before=before,
        )

    def edge(
        self, records: Iterable[State], before: int | None, *, forward: bool = True
    ) -> Place | None:
        """Return the place beside a record, of which there may be none."""
        for record in records:
            keys = [getattr(record, name) for name in self.ordering.annotations()]
            return Place(forward, self.ordering.dump(keys), before)
        return None

    def after(self, keys: Sequence[Any] | None, ordering: Ordering) -> list[State]:
        """Return a page of records and one more, which come after a place."""
        count = self.size + 1
        if keys is None:
            return self.read(self.queryset, ordering, count)
        found: list[State] = []
        for stretch in ordering.stretches_after(keys):
            queryset = self.queryset.filter(stretch.sql)
            found += self.read(queryset, ordering, count - len(found))
            if len(found) == count:
                break
        return found

    def read(
        self, queryset: CertificateStateQuerySet, ordering: Ordering, count: int
    ) -> list[State]:
        """Return the first records of a QuerySet, with their keys upon them."""
        # nosemgrep: orm-keywords -- numbered by the ordering itself
        queryset = queryset.annotate(**ordering.annotations())
        if not self.few:
            return [*ordering.apply(queryset)[:count]]
        sql, params = queryset.order_by().query.sql_with_params()
        order = ", ".join(
            f"{name} {'DESC NULLS LAST' if key.descending else 'ASC NULLS FIRST'}"
            for name, key in zip(ordering.annotations(), ordering.keys, strict=True)
        )
        # OFFSET 0 keeps the planner from looking at both parts together.
        # What stands in the parentheses is Django's own.
        few = f"SELECT * FROM ({sql} OFFSET 0) AS few"  # noqa: S608 # nosec B608
        # nosemgrep: sql-raw -- Django's own SQL, between words of this function's
        return [*State.objects.raw(f"{few} ORDER BY {order} LIMIT {count:d}", params)]


def ids_of(queryset: CertificateStateQuerySet, most: int) -> list[str]:
    """Return the ids of a QuerySet, of which few are expected; so many at most.

    Again OFFSET 0: that most of them are wanted must not tempt the planner to walk.
    """
    sql, params = queryset.order_by().values("id").query.sql_with_params()
    # What stands in the parentheses is Django's own.
    few = f"SELECT id FROM ({sql} OFFSET 0) AS few"  # noqa: S608 # nosec B608
    with connection.cursor() as cursor:
        # nosemgrep: sql-built -- Django's own SQL, between words of this function's
        cursor.execute(f"{few} ORDER BY id LIMIT {most:d}", params)
        return [id for (id,) in cursor.fetchall()]


@dataclass(frozen=True)
class Page:
    """Some records that follow each other; ``before`` of them come before, if known."""

    records: list[State]
    previous: Place | None
    next: Place | None
    before: int | None
