"""What becomes of a row, read back from the tables of an import."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from certstates.errors import shown
from certstates.importing.laws import BITS, NAMES, printed
from certstates.importing.verdicts import Change, Kind, Verdict
from certstates.sources.names import FIELDS

STATUS = "certificateRevokeStatus"
LAST_CHANGE = "certificateRevokeStatusLastChangeDateTime"
DEVICE = "managedDeviceDisplayName"
STAMPED = "(the moment of the import)"
# In the order of the entity, as people know it.
PROPERTIES = [name for name in FIELDS if name in BITS]


class Found(NamedTuple):
    """A row of the statement ``READ``, but for its values."""

    kind: str
    line: int
    id: str | None
    given: int
    lacks: int
    is_derived: bool
    told: str | None
    is_judged: bool
    earlier: int | None
    reason: str | None
    device_now: str | None


WIDTH = len(Found._fields)


def verdict_of(row: Sequence[Any]) -> Verdict:
    """Return what the tables say of one row."""
    found = Found(*row[:WIDTH])
    new = dict(zip(NAMES, row[WIDTH : WIDTH + len(NAMES)], strict=True))
    old = dict(zip(NAMES, row[WIDTH + len(NAMES) :], strict=True))
    if found.told is not None:
        return refused_at_once(found, json.loads(found.told))
    verdict = Verdict(found.line, Kind(found.kind), found.id or "")
    verdict.values = own_values(found, new)
    verdict.device = new[DEVICE] if named(found, DEVICE) else found.device_now
    was_compared = old["certificateExpirationDateTime"] is not None
    if was_compared:  # a record has that date
        verdict.device = old[DEVICE]
        verdict.changes = [*changes(found, old, new)]
    if verdict.kind is Kind.REFUSED:
        verdict.faults = [*faults(found, verdict.changes, exists=was_compared)]
        verdict.changes = []
    return verdict


def named(found: Found, name: str) -> bool:
    return bool(found.given & BITS[name])


def refused_at_once(found: Found, told: Mapping[str, Any]) -> Verdict:
    values = told["values"]
    verdict = Verdict(found.line, id=shown(str(values.get("id") or "")), values=values)
    device = values.get(DEVICE)
    verdict.device = shown(device) if isinstance(device, str) else None
    verdict.faults = [*faults(found, [], exists=False), *told["faults"]]
    return verdict


def own_values(found: Found, new: Mapping[str, Any]) -> dict[str, Any]:
    id = {} if found.is_derived else {"id": found.id}
    own = {name: printed(name, new[name]) for name in PROPERTIES if named(found, name)}
    return {**id, **own}


def changes(
    found: Found, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield what a row changes. A new status is dated, if the row does not date it."""
    differing = {n for n in NAMES if named(found, n) and old[n] != new[n]}
    for name in PROPERTIES:
        if name in differing:
            yield Change(name, printed(name, old[name]), printed(name, new[name]))
        elif name == LAST_CHANGE and STATUS in differing:
            yield Change(name, printed(name, old[name]), STAMPED)


def faults(found: Found, differing: Sequence[Change], *, exists: bool) -> Iterator[str]:
    """Yield why a row cannot be saved beside the other rows and the records."""
    if found.earlier is not None:
        yield repeated(found)
    elif found.is_judged and found.lacks and not exists:
        given = found.id if found.id and not found.is_derived else ""
        unknown = f"No record has the id {given[:99]!r}, and a" if given else "A"
        missing = ", ".join(n for n in PROPERTIES if found.lacks & BITS[n])
        yield f"{unknown} new record also needs {missing}."
    if found.reason:
        yield found.reason
    elif differing:
        names = ", ".join(change.name for change in differing)
        yield f"The record exists already, and differs in {names}."


def repeated(found: Found) -> str:
    where = f"An earlier row of this file (line {found.earlier:,})"
    if found.is_derived:
        return f"{where} is the same certificate on the same device, and differs."
    return f"id: {where} has the same id."
