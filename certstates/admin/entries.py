"""A change as people read it: which fields, from what, to what, by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.columns import badge, exact_time
from certstates.admin.routes import page_url, record_url, with_query
from certstates.admin.words import from_now
from certstates.models import Difference, Kind, RevocationStatus, StateEvent

# What is longer is folded up behind its beginning.
LONG = 200
FEW = 3


def shown(field: models.Field[Any, Any], value: Any) -> SafeString:
    """Return a value as text; what is not there and what is empty are told apart."""
    if value is None:
        return format_html('<em class="none">{}</em>', "not set")
    if value == "":
        return format_html('<em class="none">{}</em>', "empty text")
    if field.name == "certificate_revoke_status":
        return shown_status(value)
    if isinstance(value, dt.datetime):
        return exact_time(value)
    text = str(value)
    if len(text) <= LONG:
        return format_html('<span class="value">{}</span>', text)
    return format_html(
        '<details class="long"><summary>{}… ({} characters)</summary>'
        '<span class="value">{}</span></details>',
        text[:80],
        f"{len(text):,}",
        text,
    )


def shown_status(value: int) -> SafeString:
    known = value in RevocationStatus.values
    return badge(value) if known else format_html("{}", value)


@dataclass(frozen=True)
class FieldLine:
    """One field of a change."""

    difference: Difference

    @property
    def label(self) -> str:
        return str(self.difference.field.verbose_name)

    @property
    def old(self) -> SafeString:
        return shown(self.difference.field, self.difference.old)

    @property
    def new(self) -> SafeString:
        return shown(self.difference.field, self.difference.new)


@dataclass
class Entry:
    """One change, with all that a page says of it."""

    event: StateEvent
    is_shared: bool  # the request did something else too

    @property
    def kind(self) -> Kind:
        return self.event.kind

    @cached_property
    def lines(self) -> list[FieldLine]:
        return [FieldLine(difference) for difference in self.event.differences]

    @property
    def is_folded(self) -> bool:
        """Tell whether the fields are of interest only to who asks for them."""
        return self.kind != Kind.UPDATE

    @property
    def is_unknown(self) -> bool:
        """Tell whether nobody knows what the record was before."""
        return self.kind == Kind.UPDATE and self.event.before is None

    @property
    def device(self) -> str:
        return self.event.managed_device_display_name or ""

    @property
    def name(self) -> str:
        """Return what the record is called; a nameless one has its id."""
        return self.device or str(self.event.pgh_obj_id)

    @property
    def user(self) -> str:
        return self.event.user_principal_name or ""

    @property
    def moment(self) -> SafeString:
        return exact_time(self.event.pgh_created_at.replace(microsecond=0))

    @property
    def ago(self) -> str:
        return from_now(self.event.pgh_created_at, timezone.now())

    @property
    def summary(self) -> str:
        """Return the names of the fields in a few words."""
        names = [line.label for line in self.lines]
        more = len(names) - FEW
        return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")

    @property
    def history_url(self) -> str:
        return record_url("history", self.event.pgh_obj_id)

    @property
    def batch_url(self) -> str:
        batch = self.event.pgh_context_id
        return page_url("batch", batch) if batch else ""

    @property
    def author_url(self) -> str:
        """Return the address of all that its author did."""
        return with_query(page_url("log"), urlencode({"who": self.event.who}))

    @property
    def undone_url(self) -> str:
        """Return the address of what this change took back, if it did that."""
        undone = self.event.undoes
        return page_url("batch", undone) if undone else ""

    @property
    def revert_url(self) -> str:
        return page_url("revert_change", self.event.pk)


def entries(events: Iterable[StateEvent]) -> list[Entry]:
    """Return entries of events that are ``compared``."""
    events = [*events]
    numbers = [event.pk for event in events if event.pgh_context_id]
    shared = StateEvent.objects.filter(pk__in=numbers).shared()
    known = {*shared.values_list("pk", flat=True)} if numbers else set()
    return [Entry(event, event.pk in known) for event in events]
