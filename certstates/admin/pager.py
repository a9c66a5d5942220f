"""Pages of the list by their place in its order: each costs the same, the last too.

A place is named by the keys of a record at the page's edge and travels, signed, in the
address. Whatever comes or goes meanwhile, no record is shown twice or skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.core import signing

from certstates.admin.base import WrongParameter
from certstates.models import CertificateStateQuerySet, ManagedAllDeviceCertificateState
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
class Page:
    """Some records that follow each other; ``before`` of them come before, if known."""

    records: list[ManagedAllDeviceCertificateState]
    previous: Place | None
    next: Place | None
    before: int | None

    @classmethod
    def of(
        cls,
        queryset: CertificateStateQuerySet,
        ordering: Ordering,
        place: Place,
        size: int,
    ) -> Self:
        if place.forward:
            return cls._forward(queryset, ordering, place, size)
        return cls._backward(queryset, ordering, place, size)

    @classmethod
    def _forward(
        cls,
        queryset: CertificateStateQuerySet,
        ordering: Ordering,
        place: Place,
        size: int,
    ) -> Self:
        found = records_after(queryset, ordering, place.keys, size + 1)
        shown, before = found[:size], place.before
        after = None if before is None else before + len(shown)
        return cls(
            records=shown,
            previous=edge(shown[:1], ordering, before, forward=False)
            if place.keys
            else None,
            next=edge(shown[-1:], ordering, after) if len(found) > size else None,
            before=before,
        )

    @classmethod
    def _backward(
        cls,
        queryset: CertificateStateQuerySet,
        ordering: Ordering,
        place: Place,
        size: int,
    ) -> Self:
        found = records_after(queryset, ordering.reversed(), place.keys, size + 1)
        if len(found) <= size:  # the first page, which is no shorter than others
            return cls._forward(queryset, ordering, Place(), size)
        shown = found[size - 1 :: -1]
        before = None if place.before is None else max(place.before - size, 0)
        return cls(
            records=shown,
            previous=edge(shown[:1], ordering, before, forward=False),
            next=edge(shown[-1:], ordering, place.before) if place.keys else None,
            before=before,
        )


def edge(
    records: Sequence[ManagedAllDeviceCertificateState],
    ordering: Ordering,
    before: int | None,
    *,
    forward: bool = True,
) -> Place | None:
    """Return the place beside a record, of which there may be none."""
    for record in records:
        keys = [getattr(record, name) for name in ordering.annotations()]
        return Place(forward, ordering.dump(keys), before)
    return None


def records_after(
    queryset: CertificateStateQuerySet,
    ordering: Ordering,
    keys: Sequence[Any] | None,
    count: int,
) -> list[ManagedAllDeviceCertificateState]:
    """Return so many records that come after a place, with its keys upon them."""
    queryset = ordering.apply(queryset).annotate(**ordering.annotations())
    if keys is None:
        return [*queryset[:count]]
    found: list[ManagedAllDeviceCertificateState] = []
    for stretch in ordering.stretches_after(keys):
        found += queryset.filter(stretch.sql)[: count - len(found)]
        if len(found) == count:
            break
    return found
