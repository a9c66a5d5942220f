"""What happened to a record while somebody had its form open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from certstates.admin.words import exact
from certstates.models import (
    TRACKED,
    Kind,
    ManagedAllDeviceCertificateState,
    StateEvent,
)

# More changes than these during one cup of coffee are not told one by one.
MOST_TOLD = 20

FIELDS: dict[str, models.Field[Any, Any]] = {
    field.name: field for field in ManagedAllDeviceCertificateState._meta.fields
}


def in_words(name: str, value: Any) -> str | None:
    """Return a field's value as people read it; null stays None."""
    if isinstance(value, dt.datetime):
        return exact(value)
    words = dict(FIELDS[name].flatchoices).get(value, value)
    return None if words is None else str(words)


def entered_words(name: str, form_field: forms.Field, raw: Any) -> str | None:
    """Return what came from a browser as people read it, valid or not."""
    try:
        return in_words(name, form_field.clean(raw))
    except ValidationError:
        parts = raw if isinstance(raw, list) else [raw]
        return " ".join(str(part) for part in parts if part)


@dataclass(frozen=True)
class Entry:
    """One field of a form that was overtaken.

    ``seen`` is what the page showed and ``now`` what the record holds; ``raw`` came
    back from the browser, and ``take`` are the inputs' values that would say ``now``;
    ``anchor`` is the id of the first input.
    """

    name: str
    form_field: forms.Field
    seen: Any
    now: Any
    raw: Any
    is_entered: bool
    differs_from_now: bool
    by_others: bool
    take: dict[str, str]
    anchor: str

    @property
    def label(self) -> str:
        return str(self.form_field.label)

    @property
    def is_contested(self) -> bool:
        """Say whether user and neighbour wrote different things here."""
        return self.is_entered and self.by_others and self.differs_from_now

    @property
    def seen_words(self) -> str | None:
        return in_words(self.name, self.seen)

    @property
    def now_words(self) -> str | None:
        return in_words(self.name, self.now)

    @property
    def entered_words(self) -> str | None:
        return entered_words(self.name, self.form_field, self.raw)


@dataclass(frozen=True)
class Overtaken:
    """A form that came back too late: the record was written since it was shown.

    ``before`` is the record as it was shown, or None where the form cannot prove it.
    """

    record: ManagedAllDeviceCertificateState
    before: dict[str, Any] | None
    entries: list[Entry]

    @property
    def rows(self) -> list[Entry]:
        return [e for e in self.entries if e.by_others or e.is_entered]

    @property
    def entered(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_entered]

    @property
    def contested(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_contested]

    @property
    def events(self) -> list[StateEvent]:
        """Return what others did meanwhile, in their order."""
        return what_happened_since(self.record.pk, self.before)


def what_happened_since(id: str, before: dict[str, Any] | None) -> list[StateEvent]:
    """Return the changes of a record since it looked as it did ``before``.

    The history is read backwards to there. What cannot say how the record looked is
    told of the last change only.
    """
    newest_first = StateEvent.objects.of_record(id)
    if before is None:
        return [*newest_first[:1]]
    return [*_until(newest_first[:MOST_TOLD], before)][::-1]


def _until(events: Any, before: dict[str, Any]) -> Iterator[StateEvent]:
    for event in islice(events, MOST_TOLD):
        looks_alike = all(getattr(event, name) == before[name] for name in TRACKED)
        if looks_alike and event.kind != Kind.DELETE:
            return
        yield event
