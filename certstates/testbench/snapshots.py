# ruff: noqa: S608 -- made of the model's own names; each value is a parameter
"""Snapshots of all records, kept in the database: taken, restored, forgotten."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from certstates.errors import BadRequest, Conflict, ResourceNotFound
from certstates.models import ManagedAllDeviceCertificateState
from certstates.stories import NO_OTHER_WRITER
from certstates.transactions import patient

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
STATES = ManagedAllDeviceCertificateState._meta.db_table
# All but the version: a restored record is a new version, or a delta would miss it.
COLUMNS = ", ".join(
    str(field.column)
    for field in ManagedAllDeviceCertificateState._meta.concrete_fields
    if field.name != "version"
)

BEGIN = """
INSERT INTO certstates_testbench_snapshot (name) VALUES (%s) ON CONFLICT DO NOTHING
"""
KEEP = f"""
INSERT INTO certstates_testbench_record (snapshot, id, record)
SELECT %s, id, to_jsonb(state) - 'version' FROM {STATES} AS state
"""  # nosec B608 # names of the model's own
END = "UPDATE certstates_testbench_snapshot SET records = %s WHERE name = %s"
LISTED = "SELECT name, created_at, records FROM certstates_testbench_snapshot"
ORDER = " ORDER BY created_at, name"
FORGET = "DELETE FROM certstates_testbench_snapshot WHERE name = %s"

# What is as it was then, is not written: it keeps its version, and its ETag.
REMOVE = f"""
DELETE FROM {STATES} AS state WHERE NOT EXISTS (
    SELECT FROM certstates_testbench_record AS kept
    WHERE kept.snapshot = %s AND kept.id = state.id
)
"""  # nosec B608 # names of the model's own
CHANGE = f"""
UPDATE {STATES} AS state SET ({COLUMNS}) = (
    SELECT {COLUMNS} FROM jsonb_populate_record(state, kept.record)
)
FROM certstates_testbench_record AS kept
WHERE kept.snapshot = %s AND kept.id = state.id
AND kept.record IS DISTINCT FROM to_jsonb(state) - 'version'
"""  # nosec B608 # names of the model's own
CREATE = f"""
INSERT INTO {STATES} ({COLUMNS})
SELECT {COLUMNS} FROM (
    SELECT (jsonb_populate_record(NULL::{STATES}, kept.record)).*
    FROM certstates_testbench_record AS kept
    WHERE kept.snapshot = %s AND NOT EXISTS (
        SELECT FROM {STATES} AS state WHERE state.id = kept.id
    )
) AS missing
"""  # nosec B608 # names of the model's own


@dataclass(frozen=True)
class Snapshot:
    name: str
    created_at: dt.datetime
    records: int

    @property
    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "createdDateTime": self.created_at.isoformat().replace("+00:00", "Z"),
            "records": self.records,
        }


@dataclass(frozen=True)
class Restored:
    """How many records were written so that all are as they were."""

    removed: int
    changed: int
    created: int


def take(name: str) -> Snapshot:
    """Keep all records under a name, or raise BadRequest or Conflict."""
    if not NAME.fullmatch(name):
        raise BadRequest(
            "A snapshot's name is 1 to 64 letters, digits, dots, hyphens and "
            "underscores, and begins with a letter or a digit.",
            target="name",
        )
    with patient(), connection.cursor() as cursor:
        cursor.execute(BEGIN, [name])
        if not cursor.rowcount:
            raise Conflict(
                f"There is a snapshot {name!r} already; nothing was changed.",
                target="name",
            )
        cursor.execute(KEEP, [name])
        cursor.execute(END, [cursor.rowcount, name])
        # Without statistics a restore would be planned for a table without rows.
        cursor.execute("ANALYZE certstates_testbench_record")
    return find(name)


def find(name: str) -> Snapshot:
    """Return the snapshot of this name, or raise ResourceNotFound."""
    for snapshot in all_of_them():
        if snapshot.name == name:
            return snapshot
    raise ResourceNotFound("There is no snapshot of this name.", target="name")


def all_of_them() -> list[Snapshot]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED + ORDER)
        return [Snapshot(*row) for row in cursor.fetchall()]


def forget(name: str) -> None:
    find(name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET, [name])


def restore(name: str) -> Restored:
    """Make all records what they were, or raise ResourceNotFound.

    Only what differs is written, and by this: a delta tells of it, and of nothing else.
    """
    find(name)
    with patient(), connection.cursor() as cursor:
        cursor.execute(NO_OTHER_WRITER)
        counts = []
        for statement in (REMOVE, CHANGE, CREATE):
            # nosemgrep: sql-built -- one of three constants
            cursor.execute(statement, [name])
            counts.append(cursor.rowcount)
    return Restored(*counts)
