"""What one record's page shows beside its fields: readings, neighbours, JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from certstates import usages
from certstates.addresses import ServiceRoot
from certstates.admin import validity
from certstates.admin.base import StateAdmin
from certstates.admin.columns import badge, exact_time
from certstates.admin.routes import list_url
from certstates.admin.words import from_now
from certstates.models import KEY_LENGTH, SyncedState
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models.queryset import MOVABLE
from certstates.odata.conditions import etag_of
from certstates.odata.formats import Format
from certstates.odata.representation import Representation

# So many others are counted; who needs the number opens the list.
MOST_COUNTED = 100

# What is copied often, by the class of its row in the form.
COPIED = (
    "id",
    "certificate_thumbprint",
    "certificate_serial_number",
    "certificate_subject_name",
)


class DetailAdmin(StateAdmin):
    """Readings of a record. Each is a field of the form that nobody can edit."""

    readings = (
        "validity",
        "key_usages_read",
        "purposes_read",
        "sources",
        "issued",
        "expires",
        "revocation",
        "revocation_changed",
        "recorded",
        "last_written",
        "etag",
    )

    @admin.display(description="validity")
    def validity(self, record: State) -> SafeString:
        return validity.validity(record)

    @admin.display(description="which read as")
    def key_usages_read(self, record: State) -> SafeString | None:
        number = record.certificate_key_usages
        if number is None:
            return None
        lines = [(r.scheme, usages_of(r)) for r in usages.read_key_usages(number)]
        return format_html(
            '<ul class="readings">{}</ul>',
            format_html_join("", "<li><b>{}</b> {}</li>", lines),
        )

    @admin.display(description="which read as")
    def purposes_read(self, record: State) -> SafeString:
        found = usages.read_purposes(record.certificate_extended_key_usages or "")
        if not found:
            return SafeString("no object identifier stands in this text")
        lines = [(p.name or "not known here", p.oid) for p in found]
        return format_html(
            '<ul class="readings">{}</ul>',
            format_html_join("", "<li>{} <code>{}</code></li>", lines),
        )

    @admin.display(description="copied from")
    def sources(self, record: State) -> SafeString:
        """Return each source that has the record, or had it, and until when."""
        return format_html(
            '<ul class="readings sources">{}</ul>',
            format_html_join("", "<li>{}</li>", ((told(s),) for s in seen(record))),
        )

    @admin.display(description="issued")
    def issued(self, record: State) -> SafeString:
        return dated(record.certificate_issuance_date_time)

    @admin.display(description="expires")
    def expires(self, record: State) -> SafeString:
        return dated(record.certificate_expiration_date_time)

    @admin.display(description="revocation")
    def revocation(self, record: State) -> SafeString:
        return badge(record.certificate_revoke_status)

    @admin.display(description="revocation changed")
    def revocation_changed(self, record: State) -> SafeString:
        return dated(record.certificate_revoke_status_last_change_date_time)

    @admin.display(description="recorded")
    def recorded(self, record: State) -> SafeString:
        return dated(record.created_at.replace(microsecond=0))

    @admin.display(description="last written")
    def last_written(self, record: State) -> SafeString:
        return dated(record.updated_at.replace(microsecond=0))

    @admin.display(description="version")
    def etag(self, record: State) -> SafeString:
        return format_html(
            "{} <code>ETag: {}</code>", record.version, etag_of(record.version)
        )


def seen(record: State) -> Iterator[SyncedState]:
    found = SyncedState.objects.filter(state_id=record.pk).select_related("source")
    yield from found.order_by("first_seen", "source_id")


def told(seen: SyncedState) -> SafeString:
    """Return what is known of a record in a source; it may be there no more."""
    if seen.vanished_at is None:
        words = "{}, last seen {}"
        return format_html(words, seen.source, exact_time(whole(seen.last_seen)))
    return format_html(
        "{} until {}, not seen since {}",
        seen.source,
        exact_time(whole(seen.last_seen)),
        exact_time(whole(seen.vanished_at)),
    )


def whole(when: dt.datetime) -> dt.datetime:
    return when.replace(microsecond=0)


def usages_of(reading: usages.Reading) -> str:
    if reading.objection:
        return f"cannot be: {reading.objection}"
    return ", ".join(reading.names) or "none"


def dated(when: dt.datetime) -> SafeString:
    """Return a moment and its distance; "unknown" and "never" have none."""
    is_date = MOVABLE[0] <= when <= MOVABLE[1]
    return format_html(
        '{} <span class="quiet">{}</span>',
        exact_time(when),
        from_now(when, timezone.now()) if is_date else "",
    )


@dataclass(frozen=True)
class Related:
    """Other records that have one thing in common with this one."""

    what: str
    count: int
    url: str

    @property
    def words(self) -> str:
        if self.count > MOST_COUNTED:
            return f"{MOST_COUNTED}+ others"
        return "1 other" if self.count == 1 else f"{self.count} others"


def related_to(record: State) -> Iterator[Related]:
    """Find others of the same device, user and issuer; each costs one index scan."""
    expires = "certificate_expiration_date_time"
    for what, name, parameter, order in (
        ("device", "managed_device_display_name", "q", ["id"]),
        ("user", "user_principal_name", "q", ["id"]),
        ("issuer", "certificate_issuer_name", "issuer", [expires, "id"]),
    ):
        value = getattr(record, name) or ""
        if not value.strip() or len(value) > KEY_LENGTH:
            continue  # the list could not look for it
        others = State.objects.same(name, value).exclude(pk=record.pk)
        # In the order of the index, or PostgreSQL might read the table for them.
        # nosemgrep: orm-names -- the table above has them
        others = others.order_by(*order)
        if count := others[: MOST_COUNTED + 1].count():
            yield Related(what, count, list_url(**{parameter: value}))


@dataclass(frozen=True)
class Copied:
    """A value that a button copies; the button stands in the row of its field."""

    name: str
    label: str
    value: str


def copied(record: State) -> Iterator[Copied]:
    for name in COPIED:
        if value := getattr(record, name):
            label = str(State._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield Copied(name, label, value)


@dataclass(frozen=True)
class InApi:
    """A record as the API's GET answers it, and the address to ask."""

    address: str
    json: str


def in_api(request: HttpRequest, record: State) -> InApi:
    service = ServiceRoot.of(request, "beta/")
    entity = Representation(service, Format()).entity(record)
    return InApi(
        service.record(record.pk), json.dumps(entity, indent=2, ensure_ascii=False)
    )
