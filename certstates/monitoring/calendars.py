"""What expires, as a calendar that others can subscribe to (RFC 5545).

A certificate is an event, at the moment when it expires. Where many expire on a day
they are one event together, as no calendar would show so many.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterator

from icalendar import Alarm, Calendar, Component, Event

from certstates.monitoring.expiry import Answer, Record
from certstates.monitoring.texts import visible

MOST_A_DAY = 20  # as events of their own
PRODUCT = "-//certstates//expiring//EN"
NAME = "Expiring certificates"
END = "END:VCALENDAR\r\n"


def calendar(answer: Answer) -> Iterator[str]:
    """Yield the parts of the file; lines end as the standard wants, in CR and LF."""
    yield frame().removesuffix(END)
    for day, records in itertools.groupby(answer.records, key=day_of):
        first = list(itertools.islice(records, MOST_A_DAY + 1))
        if len(first) > MOST_A_DAY:
            # Not what the warning is about: the first of the group are held.
            more = records  # noqa: B031
            events = [event_of_many(day, first, more=more)]
        else:
            events = [event_of(record) for record in first]
        for found in events:
            remind(found, before=answer.question.critical)
            yield written(found)
    yield END


def frame() -> str:
    whole = Calendar()
    whole.add("prodid", PRODUCT)
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("name", NAME)
    whole.add("x-wr-calname", NAME)
    return written(whole)


def written(component: Component) -> str:
    content: bytes = component.to_ical()
    return content.decode()


def day_of(record: Record) -> dt.date:
    return record.certificate_expiration_date_time.date()


def event_of(record: Record) -> Event:
    lines = [
        ("User", record.user_principal_name),
        ("Subject", record.certificate_subject_name),
        ("Issuer", record.certificate_issuer_name),
        ("Serial number", record.certificate_serial_number),
        ("Thumbprint", record.certificate_thumbprint),
        ("Revocation", record.get_certificate_revoke_status_display()),
        ("Record", record.pk),
    ]
    return event(
        record.pk,
        summary=f"Certificate expires: {device_of(record)}",
        start=record.certificate_expiration_date_time,
        description=[f"{name}: {visible(text)}" for name, text in lines if text],
        changed=record.updated_at,
    )


def event_of_many(day: dt.date, first: list[Record], more: Iterator[Record]) -> Event:
    """Return one event for a whole day; only the first devices are named."""
    number, last = len(first), max(record.updated_at for record in first)
    for record in more:
        number, last = number + 1, max(last, record.updated_at)
    named = [device_of(record) for record in first[:MOST_A_DAY]]
    return event(
        f"{day:%Y-%m-%d}",
        summary=f"{number:,} certificates expire",
        start=day,
        description=[*named, f"and {number - len(named):,} more"],
        changed=last,
    )


def event(
    key: str,
    *,
    summary: str,
    start: dt.date,
    description: list[str],
    changed: dt.datetime,
) -> Event:
    """Return an event that stays the same until what it tells of is written anew."""
    found = Event()
    found.add("uid", uid_of(key))
    found.add("dtstamp", changed)
    found.add("last-modified", changed)
    found.add("dtstart", start)
    found.add("summary", summary)
    found.add("description", "\n".join(description))
    found.add("transp", "TRANSPARENT")  # nobody is busy then
    return found


def uid_of(key: str) -> str:
    """Return a name of a length that every program takes, the same at each run."""
    digest = hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()
    return f"{digest[:32]}@certstates"


def device_of(record: Record) -> str:
    return visible(record.managed_device_display_name or "") or "(no device)"


def remind(event: Event, *, before: dt.timedelta) -> None:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event["summary"])
    alarm.add("trigger", -before)
    event.add_component(alarm)
