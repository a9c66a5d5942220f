"""What expires, for programs: one JSON object, whose records come one by one."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from django.utils.duration import duration_iso_string

from certstates.monitoring.expiry import Answer, Record
from certstates.odata.representation import FIELDS


def document(answer: Answer) -> Iterator[str]:
    """Yield the parts of the object; docs/monitoring.md tells its shape."""
    head = orjson.dumps(head_of(answer)).decode().removesuffix("}")
    yield f'{head},"value":['
    separator = "\n"
    for record in answer.records:
        yield separator + orjson.dumps(item(answer, record)).decode()
        separator = ",\n"
    yield "\n]}\n"


def head_of(answer: Answer) -> dict[str, object]:
    question, counts = answer.question, answer.counts
    return {
        "status": answer.level.name,
        "exitCode": answer.level.value,
        "checkedAt": FIELDS["certificateExpirationDateTime"].to_representation(
            question.now
        ),
        "within": duration_iso_string(question.within),
        "critical": duration_iso_string(question.critical),
        "expired": duration_iso_string(question.expired),
        "counts": {
            "expired": counts.expired,
            "critical": counts.critical,
            "warning": counts.warning,
        },
    }


def item(answer: Answer, record: Record) -> dict[str, object]:
    """Return the record's properties as the API names them, and the days it has."""
    values = {
        name: (field, getattr(record, field.source or name))
        for name, field in FIELDS.items()
    }
    return {
        "daysLeft": answer.days_left(record),
        **{
            name: None if value is None else field.to_representation(value)
            for name, (field, value) in values.items()
        },
    }
