"""What a record's row says: which device, which state, until when, by whom.

``badge``, ``exact_time``, ``moment``, ``expiry`` and ``warning`` are pieces of HTML
that other pages of the admin show too. Each stored text in them is escaped.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from certstates.admin.words import exact, from_now
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus, Tone

# Within a square of 16; each tone has an outline of its own, not only a colour.
SHAPES = {
    Tone.HEALTHY: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-1 10L4 8l1-1 2 2 4-4 1 1Z",
    Tone.PROGRESS: "M3 1h10v3l-4 4 4 4v3H3v-3l4-4-4-4Zm2 2h6L8 6Z",
    Tone.ALARM: "M8 1 15.5 15H.5ZM7.2 6v4.5h1.6V6Zm0 5.7v1.6h1.6v-1.6Z",
    Tone.DONE: "M2 2h12v12H2Zm2 5v2h8V7Z",
}
SIGN = "M8 0 16 8 8 16 0 8ZM7.2 3.5v5.3h1.6V3.5Zm0 6.6v1.8h1.6v-1.8Z"
# Shorter values fit into their column; they need no way to be read whole.
FITS = 10


def icon(path: str) -> SafeString:
    return format_html(
        '<svg class="shape" viewBox="0 0 16 16" width="12" height="12" '
        'aria-hidden="true" focusable="false"><path fill="currentColor" '
        'fill-rule="evenodd" d="{}"/></svg>',
        path,
    )


def badge(status: int) -> SafeString:
    """Return a revocation status as a shape and words; its meaning is the hint."""
    known = RevocationStatus(status)
    return format_html(
        '<span class="badge badge-{}" title="{}">{}{}</span>',
        known.tone,
        known.meaning,
        icon(SHAPES[known.tone]),
        known.label,
    )


def exact_time(when: dt.datetime) -> SafeString:
    """Return the moment itself, for readers and for programs."""
    utc = when.astimezone(dt.UTC).isoformat()
    return format_html('<time datetime="{}">{}</time>', utc, exact(when))


def moment(when: dt.datetime, *, words: str = "") -> SafeString:
    """Return words for a moment, which tell it exactly at hover and at focus.

    Without ``words`` they are how far it is from now.
    """
    return format_html(
        '<time class="tip" datetime="{}" tabindex="0">{}'
        '<span class="tip-text"> {}</span></time>',
        when.astimezone(dt.UTC).isoformat(),
        words or from_now(when, timezone.now()),
        exact(when),
    )


def expiry(when: dt.datetime) -> SafeString:
    """Return a moment of expiry: ``in 12 days`` or ``expired 3 days ago``."""
    now = timezone.now()
    words = from_now(when, now)
    return moment(when, words=words if when > now else f"expired {words}")


def warning(record: State) -> SafeString:
    """Return a sign that tells what is odd about a record, or nothing."""
    if not record.suspicions:
        return SafeString("")
    return format_html(
        '<span class="tip suspicious" tabindex="0">{}'
        '<span class="tip-text"> {}</span></span>',
        icon(SIGN),
        format_html_join(" ", "{}", ((sentence,) for sentence in record.suspicions)),
    )


def cut(value: str | None) -> SafeString | None:
    """Return a text that its column may cut short; hover and focus show it whole."""
    if value is None:
        return None
    if len(value) <= FITS:
        return format_html("{}", value)
    return format_html('<span class="cut" tabindex="0"><span>{}</span></span>', value)


# --- The columns; ``ordering`` is what $orderby would say ----------------------------


@admin.display(description="device", ordering="managedDeviceDisplayName")
def device(record: State) -> SafeString:
    name = record.managed_device_display_name
    shown = name if name and name.strip() else "(no name)"
    return format_html('<span class="cut"><span>{}</span></span>', shown)


@admin.display(description="user", ordering="userPrincipalName")
def user(record: State) -> SafeString | None:
    return cut(record.user_principal_name)


@admin.display(description="revocation", ordering="certificateRevokeStatus")
def revocation(record: State) -> SafeString:
    return badge(record.certificate_revoke_status)


@admin.display(description="expires", ordering="certificateExpirationDateTime")
def expires(record: State) -> SafeString:
    told = expiry(record.certificate_expiration_date_time)
    return format_html("{}{}", told, warning(record))


# Of one issuer the next to expire comes first, as the index has them.
@admin.display(
    description="issuer",
    ordering="certificateIssuerName,certificateExpirationDateTime",
)
def issuer(record: State) -> SafeString | None:
    return cut(record.certificate_issuer_name)


@admin.display(description="subject", ordering="certificateSubjectName")
def subject(record: State) -> SafeString | None:
    return cut(record.certificate_subject_name)


@admin.display(description="serial number", ordering="certificateSerialNumber")
def serial_number(record: State) -> SafeString | None:
    return cut(record.certificate_serial_number)


COLUMNS: tuple[Any, ...] = (
    device,
    user,
    revocation,
    expires,
    issuer,
    subject,
    serial_number,
)
