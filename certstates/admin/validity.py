"""How much of a certificate's validity is over, in words and as a bar."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.words import from_now
from certstates.models import ManagedAllDeviceCertificateState
from certstates.models.queryset import MOVABLE

# A bar of these proportions is drawn as wide as there is room.
WIDTH, HEIGHT = 300, 6


def validity(record: ManagedAllDeviceCertificateState) -> SafeString:
    begin = record.certificate_issuance_date_time
    end = record.certificate_expiration_date_time
    now = timezone.now()
    words = sentence(begin, end, now)
    # What stands for "unknown" or "never" has no length that could be drawn.
    if not MOVABLE[0] <= begin < end <= MOVABLE[1]:
        return format_html('<div class="validity">{}</div>', words)
    return format_html(
        '<div class="validity">{}{}</div>', bar(part(begin, end, now)), words
    )


def sentence(begin: dt.datetime, end: dt.datetime, now: dt.datetime) -> str:
    if end < begin:
        return "Never valid: it expires before it is issued"
    if end <= now:
        return f"Expired {from_now(end, now)}"
    if begin > now:
        return f"Not valid yet: begins {from_now(begin, now)}"
    if end > MOVABLE[1]:
        return "Valid, as if for ever"
    left = f"Expires {from_now(end, now)}"
    if begin < MOVABLE[0]:
        return left
    days = (end - begin).days
    return f"{left}, of {days:,} days in all" if days > 1 else left


def part(begin: dt.datetime, end: dt.datetime, now: dt.datetime) -> float:
    """Return which part of the span is over, from 0 to 1."""
    return min(max((now - begin) / (end - begin), 0), 1)


def bar(over: float) -> SafeString:
    """Return the bar; it is told in words besides, so that nobody has to see it."""
    return format_html(
        '<svg class="validity-bar" viewBox="0 0 {width} {height}" '
        'preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="whole" width="{width}" height="{height}"/>'
        '<rect class="{kind}" width="{over}" height="{height}"/></svg>',
        width=WIDTH,
        height=HEIGHT,
        over=round(WIDTH * over, 1),
        kind="over ended" if over == 1 else "over",
    )
