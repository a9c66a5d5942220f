"""Rows of a file become records: what would happen, and then that it happens.

A row with the id of a record changes what it names, as a PATCH would; any other row is
a new record, and must have what a POST must. The laws are the API's serializer and, in
it, the model's ``full_clean()``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Self, cast

import orjson
import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from import_export.resources import ModelResource
from import_export.results import RowResult
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from certstates.edm import EdmField
from certstates.errors import shown
from certstates.models import ManagedAllDeviceCertificateState, refuse_unstorable
from certstates.serializers import CertificateStateSerializer
from certstates.sources import FileRefused, Row
from certstates.sources.names import FIELDS

CHUNK = 1_000
STATUS = "certificate_revoke_status"
LAST_CHANGE = "certificate_revoke_status_last_change_date_time"
STAMPED = "(the moment of the import)"
ROW = "row"  # the only column of the chunks that django-import-export is given


class Kind(StrEnum):
    """What becomes of a row, in django-import-export's words."""

    NEW = RowResult.IMPORT_TYPE_NEW
    CHANGED = RowResult.IMPORT_TYPE_UPDATE
    UNCHANGED = RowResult.IMPORT_TYPE_SKIP
    REFUSED = RowResult.IMPORT_TYPE_INVALID


@dataclass(frozen=True)
class Change:
    """One property of one record, as the API prints it."""

    name: str
    old: Any
    new: Any


@dataclass
class Verdict:
    """What becomes of one row. The ``id`` is empty where the server will make one.

    ``values`` are the row's own, as they were read.
    """

    line: int
    kind: Kind = Kind.REFUSED
    id: str = ""
    device: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def outline(self) -> bytes:
        """Return what tells it from any other end of the same row."""
        return orjson.dumps([self.kind, self.id, self.changes, self.faults])


class CertificateStateResource(ModelResource):  # type: ignore[misc]
    """django-import-export's course of an import, with the laws of this house.

    Its widgets and differences are not used: values are read by the serializer of the
    API, which runs the model's ``full_clean()``, and a difference is a list of changes.
    One object serves one file, chunk by chunk, so that it knows the ids that were.
    """

    class Meta:
        model = ManagedAllDeviceCertificateState
        fields = CertificateStateSerializer.Meta.fields
        import_id_fields = ["id"]
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
        use_bulk = True  # otherwise each row costs a savepoint, in a preview too
        batch_size = CHUNK
        skip_diff = True

    def __init__(self) -> None:
        super().__init__()
        self.creating = CertificateStateSerializer()
        self.changing = CertificateStateSerializer(partial=True)
        self.seen: set[str] = set()
        self.records: dict[str, ManagedAllDeviceCertificateState] = {}
        self.verdict = Verdict(0)
        self.values: dict[str, Any] = {}

    def judge(self, rows: Iterable[Row], *, dry_run: bool) -> list[Verdict]:
        """Return what becomes of some rows, and save them unless it is a ``dry_run``.

        Only a refused row is a verdict; whatever else goes wrong is raised.
        """
        rows = [*rows]
        self.records = records_of(rows, lock=not dry_run)
        dataset = tablib.Dataset(*((row,) for row in rows), headers=[ROW])
        result = self.import_data(dataset, dry_run=dry_run)
        for broken in result.base_errors:
            raise broken.error
        return [row_result.verdict for row_result in result.rows]

    def import_row(self, row: Any, instance_loader: Any, **kwargs: Any) -> RowResult:
        self.verdict = Verdict(row[ROW].line)
        result = super().import_row(row, instance_loader, **kwargs)
        for broken in result.errors:
            raise broken.error
        if result.validation_error:
            self.verdict.faults = result.validation_error.messages
        self.verdict.kind = Kind(result.import_type)
        result.verdict = self.verdict
        return result

    def get_instance(
        self, instance_loader: Any, row: Any
    ) -> ManagedAllDeviceCertificateState | None:
        return self.record_of(row[ROW].values)

    def record_of(
        self, values: dict[str, Any]
    ) -> ManagedAllDeviceCertificateState | None:
        id = values.get("id")
        return self.records.get(id) if isinstance(id, str) else None

    def import_instance(
        self, instance: ManagedAllDeviceCertificateState, row: Any, **kwargs: Any
    ) -> None:
        """Judge the row, and put its values on the record."""
        self.describe(row[ROW].values)
        if row[ROW].faults:
            raise ValidationError([*row[ROW].faults])
        self.refuse_second(row[ROW].values.get("id"))
        self.values = self.validated(row[ROW].values)
        is_new = instance.pk not in self.records
        changed = {n: v for n, v in self.values.items() if getattr(instance, n) != v}
        if not is_new:
            self.verdict.device = instance.managed_device_display_name
            self.verdict.changes = [*self.changes(instance, changed)]
            self.values = changed
        for name, value in self.values.items():
            # nosemgrep: orm-attribute-from-data -- the serializer let them pass
            setattr(instance, name, value)

    def describe(self, values: dict[str, Any]) -> None:
        """Note what tells people which record it is, however wrong the rest may be."""
        self.verdict.values = values
        self.verdict.id = shown(str(values.get("id") or ""))
        device = values.get("managedDeviceDisplayName")
        self.verdict.device = shown(device) if isinstance(device, str) else None

    def refuse_second(self, id: Any) -> None:
        if not isinstance(id, str):
            return
        if id in self.seen:
            raise ValidationError("id: An earlier row of this file has the same id.")
        self.seen.add(id)

    def validated(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the model's values, or raise what the API would refuse."""
        record = self.record_of(values)
        serializer = self.changing if record else self.creating
        serializer.instance = record
        try:
            validated: dict[str, Any] = serializer.run_validation(values)
        except serializers.ValidationError as refused:
            found = cast("Mapping[str, Sequence[ErrorDetail]]", refused.detail)
            raise ValidationError([*faults_of(found, values)]) from None
        return validated

    def changes(
        self, record: ManagedAllDeviceCertificateState, changed: dict[str, Any]
    ) -> Iterator[Change]:
        for name, fieldof in FIELDS.items():
            column = fieldof.source or name
            if column in changed:
                old = printed(fieldof, getattr(record, column))
                yield Change(name, old, printed(fieldof, changed[column]))
            elif column == LAST_CHANGE and STATUS in changed:
                yield Change(name, printed(fieldof, getattr(record, column)), STAMPED)

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any
    ) -> bool:
        is_known = instance.pk in self.records
        return is_known and not import_validation_errors and not self.verdict.changes

    def validate_instance(
        self, instance: Any, import_validation_errors: Any, **kwargs: Any
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(
        self,
        instance: ManagedAllDeviceCertificateState,
        is_create: bool,
        row: Any,
        **kwargs: Any,
    ) -> None:
        """Write only what changed. A status that brings no other date is dated now."""
        if kwargs["dry_run"]:
            return
        if is_create:
            self.create_instances.append(instance)  # one INSERT for the chunk
        else:
            instance.save_changes(self.values, dated=LAST_CHANGE in self.values)


def records_of(
    rows: Iterable[Row], *, lock: bool
) -> dict[str, ManagedAllDeviceCertificateState]:
    """Return the records that the rows name, found by one query."""
    ids = [row.values.get("id") for row in rows]
    records = ManagedAllDeviceCertificateState.objects.filter(
        pk__in=[id for id in ids if isinstance(id, str) and storable(id)]
    )
    if lock:  # in one order, so that no two imports block each other
        records = records.order_by("pk").select_for_update()
    return {record.pk: record for record in records}


def storable(id: str) -> bool:
    """Say whether PostgreSQL can be asked for an id at all."""
    try:
        refuse_unstorable(id)
    except ValidationError:
        return False
    return True


def printed(field: EdmField, value: Any) -> Any:
    return None if value is None else field.to_representation(value)


def faults_of(
    refused: Mapping[str, Sequence[ErrorDetail]], values: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the API's sentences; what is only missing is named in one."""
    missing = [
        name for name, [error, *_] in refused.items() if error.code == "required"
    ]
    if missing:
        given = values.get("id")
        unknown = f"No record has the id {given[:99]!r}, and a" if given else "A"
        yield f"{unknown} new record also needs {', '.join(missing)}."
    for name, errors in refused.items():
        if name not in missing:
            yield from (f"{name}: {error}" for error in errors)


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := [*islice(iterator, CHUNK)]:
        yield chunk


def verdicts(rows: Iterable[Row], *, dry_run: bool) -> Iterator[Verdict]:
    """Yield what becomes of each row, and save as it goes unless it is a ``dry_run``.

    All or nothing is the caller's to keep, by a transaction; after a refused row
    nothing more is saved.
    """
    resource = CertificateStateResource()
    for chunk in chunks(rows):
        found = resource.judge(chunk, dry_run=dry_run)
        dry_run = dry_run or any(v.kind is Kind.REFUSED for v in found)
        yield from found


@dataclass
class Outcome:
    """What becomes of a whole file. ``digest`` is one for files that end alike."""

    counts: Counter[Kind]
    shown: dict[Kind, list[Verdict]]
    digest: str

    @classmethod
    def of(cls, found: Iterable[Verdict], *, most: int) -> Self:
        """Count all verdicts, and keep the first ``most`` of each kind."""
        counts: Counter[Kind] = Counter()
        shown: dict[Kind, list[Verdict]] = {kind: [] for kind in Kind}
        digest = hashlib.sha256()
        for verdict in found:
            counts[verdict.kind] += 1
            digest.update(verdict.outline)
            if len(shown[verdict.kind]) < most:
                shown[verdict.kind].append(verdict)
        if not counts:
            raise FileRefused("The file has no records.")
        return cls(counts, shown, digest.hexdigest())

    @property
    def is_refused(self) -> bool:
        return bool(self.counts[Kind.REFUSED])

    @property
    def changes_something(self) -> bool:
        return bool(self.counts[Kind.NEW] or self.counts[Kind.CHANGED])


class NotSaved(Exception):
    """An import that would not end as was expected; nothing of it is left."""


def preview(rows: Iterable[Row], *, most: int) -> Outcome:
    """Return what would happen; nothing is written, not even for a moment."""
    return Outcome.of(verdicts(rows, dry_run=True), most=most)


def apply(rows: Iterable[Row], *, expected: str) -> Outcome:
    """Save all rows or, if it would not end as in the preview of that digest, none."""
    with transaction.atomic():
        outcome = Outcome.of(verdicts(rows, dry_run=False), most=0)
        if outcome.is_refused or outcome.digest != expected:
            raise NotSaved
    return outcome
