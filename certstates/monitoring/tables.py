"""What expires, for people: a line that says it all, and aligned columns below it.

The first line is a monitoring plug-in's, with performance data behind the bar.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from certstates.monitoring.durations import short
from certstates.monitoring.expiry import Answer, Record
from certstates.monitoring.texts import fitted, visible, width

HEADERS = ("DEVICE", "USER", "SUBJECT", "ISSUER", "EXPIRES (UTC)", "DAYS", "REVOCATION")
LEAST = (12, 12, 12, 12, 16, 4, 10)
MEASURED = 200  # records: those below them take the widths of these
GAP = "  "
NOTHING = "-"


def table(answer: Answer, *, columns: int) -> Iterator[str]:
    """Yield lines that are at most so many columns wide, or as wide as they must be."""
    yield summary(answer)
    rows = (row_of(answer, record) for record in answer.records)
    first = list(itertools.islice(rows, MEASURED))
    if not first:
        return
    widths = widths_of([HEADERS, *first], columns)
    yield ""
    for row in itertools.chain([HEADERS], first, rows):
        yield GAP.join(map(fitted, row, widths)).rstrip()


def summary(answer: Answer) -> str:
    counts, question = answer.counts, answer.question
    within, critical = short(question.within), short(question.critical)
    parts = [
        f"{counts.critical + counts.warning:,} expire within {within}",
        f"{counts.critical:,} of them within {critical}",
    ]
    if question.expired:
        parts.append(
            f"{counts.expired:,} expired in the last {short(question.expired)}"
        )
    data = (
        f"expiring={counts.critical + counts.warning};0;;0 "
        f"critical={counts.critical};;0;0 expired={counts.expired};;0;0"
    )
    return f"CERTSTATES {answer.level.name} - {', '.join(parts)} | {data}"


def row_of(answer: Answer, record: Record) -> tuple[str, ...]:
    return (
        *(
            visible(text) if text else NOTHING
            for text in (
                record.managed_device_display_name,
                record.user_principal_name,
                record.certificate_subject_name,
                record.certificate_issuer_name,
            )
        ),
        f"{record.certificate_expiration_date_time:%Y-%m-%d %H:%M}",
        str(answer.days_left(record)),
        record.get_certificate_revoke_status_display(),
    )


def widths_of(rows: list[tuple[str, ...]], columns: int) -> list[int]:
    """Return what the columns need; what is too much is taken from the widest."""
    widths = [max(map(width, texts)) for texts in zip(*rows, strict=True)]
    room = columns - len(GAP) * (len(widths) - 1)
    while sum(widths) > room:
        excess = [max(0, w - least) for w, least in zip(widths, LEAST, strict=True)]
        if not any(excess):
            break
        widest = max(range(len(widths)), key=lambda n: (excess[n] > 0) * widths[n])
        widths[widest] -= 1
    return widths
