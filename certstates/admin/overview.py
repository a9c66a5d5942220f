"""The morning's questions about all records, and their answers.

What is counted is counted in one query, and each number leads to the list of what it
counted. Nothing here costs more when there are more records.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from certstates.admin.charts import Figure, drawn
from certstates.admin.entries import Entry
from certstates.admin.routes import list_url, page_url, record_url
from certstates.admin.words import from_now
from certstates.models import (
    CertificateStateQuerySet,
    Kind,
    ManagedAllDeviceCertificateState,
    RevocationStatus,
    StateEvent,
)
from certstates.statistics import CAP, Count, counts_or_estimates, shares_of

STATES = ManagedAllDeviceCertificateState.objects

MONTHS = 12
# A column shows two digits: with many records, a month is not worth more counting.
COARSE_CAP = 1000
MOST_ISSUERS = 8
MOST_RECORDS = 8
HIGHEST_COLUMN = 200  # pixels
WIDEST_BAR = 100  # percent
LONG_OPEN = 30  # days that a revocation may take before the page says so


@dataclass(frozen=True, eq=False)
class Question:
    """How many are there? The list, narrowed by ``parameters``, shows the same."""

    label: str
    parameters: dict[str, str]
    records: CertificateStateQuerySet
    tone: str = "calm"  # how much it matters: alarm, soon or calm
    name: str = ""  # in full, where the label is short

    def answered(self, count: Count) -> Figure:
        name = self.name or self.label
        url = list_url(**self.parameters)
        return Figure(self.label, count, url=url, name=name, tone=self.tone)


@dataclass(frozen=True)
class Line:
    """One record, a moment in its life, and how far away that is."""

    device: str
    url: str
    detail: str
    moment: dt.datetime

    @property
    def distance(self) -> str:
        return from_now(self.moment, timezone.now())


def overview() -> dict[str, Any]:
    """Return all that the dashboard shows."""
    [records], expiry, revocation = answers(
        [Question("Records", {}, STATES.order_by("pk"))],
        expiry_questions(),
        revocation_questions(),
    )
    is_small = records.count.is_exact
    [months] = answers(
        month_questions(timezone.now().date()),
        cap=CAP if is_small else COARSE_CAP,
    )
    return {
        "records": records,
        "expiry": expiry,
        "revocation": revocation,
        "months": drawn(months, longest=HIGHEST_COLUMN),
        "issuers": issuers(records.count),
        "longest_open": longest_open(),
        "expiring_next": expiring_next(),
        "next_url": list_url(expiry="30"),
        "newest_changes": newest_changes(),
        "log_url": page_url("log"),
        "add_url": page_url("add"),
    }


def answers(*groups: list[Question], cap: int = CAP) -> list[list[Figure]]:
    """Answer all groups of questions at once."""
    asked = {question: question.records for group in groups for question in group}
    counts = counts_or_estimates(asked, cap=cap)
    return [[question.answered(counts[question]) for question in g] for g in groups]


def expiry_questions() -> list[Question]:
    windows = [(7, "soon"), (30, "calm"), (90, "calm")]
    return [
        Question(
            "Expired", {"expiry": "expired"}, STATES.expired().by_expiry(), "alarm"
        ),
        *(
            Question(
                f"Expiring within {days} days",
                {"expiry": str(days)},
                STATES.expiring(within=dt.timedelta(days=days)).by_expiry(),
                tone,
            )
            for days, tone in windows
        ),
    ]


def revocation_questions() -> list[Question]:
    """Ask what failed first: nobody else will act on it."""
    statuses = [
        (RevocationStatus.FAILED, "alarm"),
        (RevocationStatus.PENDING, "calm"),
        (RevocationStatus.ISSUED, "calm"),
    ]
    long = STATES.revocation_open(longer_than=dt.timedelta(days=LONG_OPEN))
    return [
        *(
            Question(
                status.label,
                {"status": status.wire_name},
                STATES.filter(certificate_revoke_status=status).by_status(),
                tone,
            )
            for status, tone in statuses
        ),
        Question(
            f"Revocation open for over {LONG_OPEN} days",
            {"open": str(LONG_OPEN)},
            long.longest_open_first(),
            "soon",
        ),
    ]


def month_questions(today: dt.date) -> list[Question]:
    """Ask for whole months, this one first: the list is narrowed by months as well."""
    return [
        Question(
            f"{month:%b}",
            {"expiry": f"{month:%Y-%m}"},
            STATES.expiring_in_month(month).by_expiry(),
            name=f"{month:%B %Y}",
        )
        for month in months_from(today, MONTHS)
    ]


def months_from(day: dt.date, number: int) -> Iterator[dt.date]:
    first = day.year * 12 + day.month - 1
    for month in range(first, first + number):
        yield dt.date(month // 12, month % 12 + 1, 1)


def issuers(total: Count) -> dict[str, Any]:
    """Return the issuers with most records, and how many records are not theirs."""
    shares = shares_of(
        STATES.all(), "certificate_issuer_name", total=total, most=MOST_ISSUERS
    )
    figures = [
        Figure(visible(name), count, url=list_url(issuer=name), name=name)
        for name, count in shares.largest
    ]
    return {
        "largest": drawn(figures, longest=WIDEST_BAR),
        "others": shares.others,
    }


# All that the page says of a single record; its other texts may be long.
RECORDS = STATES.only(
    "managed_device_display_name",
    "user_principal_name",
    "certificate_expiration_date_time",
    "certificate_revoke_status",
    "certificate_revoke_status_last_change_date_time",
)


def longest_open() -> Line | None:
    """Return the revocation that has been open for the longest time."""
    for record in RECORDS.revocation_open().longest_open_first()[:1]:
        return Line(
            device=visible(record.managed_device_display_name, record.pk),
            url=record_url("change", record.pk),
            detail=record.get_certificate_revoke_status_display(),
            moment=record.certificate_revoke_status_last_change_date_time,
        )
    return None


def expiring_next() -> list[Line]:
    return [
        Line(
            device=visible(record.managed_device_display_name, record.pk),
            url=record_url("change", record.pk),
            detail=record.user_principal_name or "",
            moment=record.certificate_expiration_date_time,
        )
        for record in RECORDS.unexpired().by_expiry()[:MOST_RECORDS]
    ]


def newest_changes() -> list[Line]:
    """Return what was done to records last: it leads to what became of them."""
    events = StateEvent.objects.order_by("-pgh_id")[:MOST_RECORDS].compared()
    entries = (Entry(event, is_shared=False) for event in events)  # nobody asks
    return [
        Line(
            device=visible(entry.device, entry.event.pgh_obj_id),
            url=entry.history_url,
            detail=told(entry),
            moment=entry.event.pgh_created_at,
        )
        for entry in entries
    ]


def told(entry: Entry) -> str:
    """Return what was done, by whom and to what: ``changed by ana: revocation``.

    The fields stand last, for one of them is called "revocation changed".
    """
    what = f": {entry.summary}" if entry.kind == Kind.UPDATE else ""
    return f"{entry.kind.label} by {entry.event.who or entry.event.door.label}{what}"


def visible(*texts: str | None) -> str:
    """Return the first text that can be seen, and so be a link's."""
    return next((text for text in texts if text and text.strip()), "(no name)")
