"""The fixtures: small sets of records, each of them a story that a test may want."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core import serializers
from django.db import connection

from certstates.models import ManagedAllDeviceCertificateState
from certstates.transactions import patient

FIXTURES = Path(__file__).with_name("fixtures")
# All stories ("expires tomorrow") are told at this moment.
MOMENT = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)

# Whoever writes waits until this is over, and finds the new records; readers do not.
NO_OTHER_WRITER = (
    "LOCK TABLE certstates_managedalldevicecertificatestate IN SHARE ROW EXCLUSIVE MODE"
)

Record = ManagedAllDeviceCertificateState


def names() -> list[str]:
    return sorted(path.stem for path in FIXTURES.glob("*.json"))


def told(name: str, *, now: dt.datetime) -> list[Record]:
    """Return the records of a fixture, not saved, as if its moment were ``now``."""
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    records: list[Any] = [d.object for d in serializers.deserialize("json", text)]
    for record in records:
        record.move_dates(now - MOMENT)
    return records


def add(records: Sequence[Record]) -> None:
    for record in records:
        record.save(force_insert=True)


def begin_anew(records: Sequence[Record]) -> int:
    """Replace all records by these, or none; return how many are gone.

    What is gone stays in the history, and a delta tells of its removal.
    """
    with patient(), connection.cursor() as cursor:
        cursor.execute(NO_OTHER_WRITER)
        gone, _ = Record.objects.all().delete()
        add(records)
    return gone
