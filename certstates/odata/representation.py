"""How records leave: which properties, and how much control information with them.

Source: OData JSON Format 4.01, sections 3.1 and 4.6; single entities carry their type
also at the minimal level, as Graph's create page shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from certstates.addresses import COLLECTION, ServiceRoot
from certstates.edm import EdmField
from certstates.models import ManagedAllDeviceCertificateState
from certstates.odata.conditions import etag_of
from certstates.odata.formats import Format
from certstates.serializers import CertificateStateSerializer

TYPE = f"#{CertificateStateSerializer.Meta.type_name}"
FIELDS = CertificateStateSerializer.edm_fields()
# What JSON says by itself, or the declared type implies without an annotation.
SELF_EXPLAINED = frozenset({"String", "Boolean"})
# Full control information needs these besides what is shown.
IDENTITY = ("id", "version")


@dataclass(frozen=True)
class Representation:
    """The shape of one answer. ``select`` are wire names, None stands for all."""

    service: ServiceRoot
    format: Format
    select: tuple[str, ...] | None = None

    @cached_property
    def properties(self) -> list[tuple[str, EdmField]]:
        names = FIELDS if self.select is None else self.select
        return [(name, FIELDS[name]) for name in names]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the model's fields that a row must hold, in their order."""
        shown = tuple(field.source or name for name, field in self.properties)
        return (*shown, *IDENTITY) if self.format.level == "full" else shown

    @property
    def entity_set(self) -> str:
        """Return the collection's part of a context URL, with the selected names."""
        names = "" if self.select is None else f"({','.join(self.select)})"
        return f"{COLLECTION}{names}"

    def page(
        self,
        rows: Iterable[Sequence[Any]],
        *,
        suffix: str = "",
        **control: str | int | None,
    ) -> dict[str, Any]:
        """Return a page: control information such as ``count``, then the records."""
        body: dict[str, Any] = self._context(f"{self.entity_set}{suffix}")
        for name, value in control.items():
            if value is not None:
                body[f"@odata.{name}"] = self._number(value)
        return {**body, "value": [self.item(row) for row in rows]}

    def entity(self, record: ManagedAllDeviceCertificateState) -> dict[str, Any]:
        """Return a single record."""
        row = [getattr(record, name) for name in self.columns]
        item = self.item(row)
        if self.format.level == "minimal":
            item = {"@odata.type": TYPE, "@odata.etag": etag_of(record.version), **item}
        return {**self._context(f"{self.entity_set}/$entity"), **item}

    def item(self, row: Sequence[Any]) -> dict[str, Any]:
        if self.format.level == "full":
            return self._full_item(row)
        return {
            name: None if value is None else field.to_representation(value)
            for (name, field), value in zip(self.properties, row, strict=False)
        }

    def _full_item(self, row: Sequence[Any]) -> dict[str, Any]:
        *values, id, version = row
        address = self.service.record(id)
        item: dict[str, Any] = {
            "@odata.type": TYPE,
            "@odata.id": address,
            "@odata.etag": etag_of(version),
            "@odata.editLink": address,
            "@odata.readLink": address,
        }
        for (name, field), value in zip(self.properties, values, strict=True):
            if value is not None and field.type_name not in SELF_EXPLAINED:
                item[f"{name}@odata.type"] = f"#{field.type_name}"
            item[name] = None if value is None else field.to_representation(value)
        return item

    def single_property(self, id: str, name: str, value: Any) -> dict[str, Any]:
        """Return the value of one property that is not null."""
        field = FIELDS[name]
        key = quote(id.replace("'", "''"), safe="'")
        body = self._context(f"{COLLECTION}('{key}')/{name}")
        if self.format.level == "full" and field.type_name not in SELF_EXPLAINED:
            body["@odata.type"] = f"#{field.type_name}"
        return {**body, "value": field.to_representation(value)}

    def _context(self, fragment: str) -> dict[str, str]:
        if self.format.level == "none":
            return {}
        return {"@odata.context": self.service.context(fragment)}

    def _number(self, value: str | int) -> str | int:
        return str(value) if self.format.ieee754_compatible else value
