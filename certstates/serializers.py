"""Between Graph's JSON and the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, models, transaction
from psycopg.errors import UniqueViolation
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import get_error_detail

from certstates import edm
from certstates.errors import BadRequest, Conflict
from certstates.models import ManagedAllDeviceCertificateState, camel_case

# Twelve properties, their control information, and room for what is refused by name.
MOST_NAMES = 200

Errors = dict[str, list[ErrorDetail]]


class GraphSerializer(serializers.Serializer[Any]):
    """One Graph entity type: fields of ``Meta.model``, and only those that are listed.

    Wire names follow from the names of the model's fields. Unknown properties are
    refused, control information (``@odata.etag`` and the like) is passed over as
    clients send back what they have read, and the model's ``full_clean()`` has the
    last word. All faults of a body are reported at once.
    """

    edm_types: ClassVar[dict[type[models.Field[Any, Any]], type[edm.EdmField]]] = {
        models.CharField: edm.EdmString,
        models.IntegerField: edm.EdmInt32,
        models.SmallIntegerField: edm.EdmRevocationStatus,
        models.DateTimeField: edm.EdmDateTimeOffset,
    }

    class Meta:
        model: type[models.Model]
        type_name: str
        fields: tuple[str, ...]
        server_supplied: tuple[str, ...]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in cls.Meta.fields:
            field: Any = cls.Meta.model._meta.get_field(name)
            wire_name = camel_case(name)
            cls._declared_fields[wire_name] = cls.edm_types[type(field)](
                source=name if name != wire_name else None,
                required=False,
                allow_null=field.null,
            )

    @classmethod
    def edm_fields(cls) -> dict[str, edm.EdmField]:
        """Return the fields by their names on the wire, in the entity's order."""
        return cast("dict[str, edm.EdmField]", cls._declared_fields)

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) > MOST_NAMES:
            raise BadRequest(
                f"The object has {len(data)} names; {MOST_NAMES} are allowed."
            )
        properties = {}
        for name, value in data.items():
            if self._is_control_information(name):
                self._check_control_information(name, value)
            else:
                properties[name] = value
        errors: Errors = dict(self._unknown_or_missing(properties))
        try:
            values: dict[str, Any] = super().to_internal_value(properties)
        except serializers.ValidationError as refused:
            errors |= cast("Errors", refused.detail)
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance and attrs.pop("id", self.instance.pk) != self.instance.pk:
            detail = ErrorDetail("An id cannot be changed.", "not_updatable")
            raise serializers.ValidationError({"id": [detail]})
        excluded = {*self.Meta.fields} - {*attrs} if self.instance else None
        self.check_by_model(attrs, excluded=excluded)
        return attrs

    def check_by_model(
        self, attrs: dict[str, Any], *, excluded: set[str] | None
    ) -> None:
        """Have the model judge its fields, but for those that are excluded."""
        try:
            # The database keeps ids unique by itself: asking first costs a query.
            # nosemgrep: orm-model-from-data -- of the names in Meta.fields only
            self.Meta.model(**attrs).full_clean(
                excluded, validate_unique=False, validate_constraints=False
            )
        except DjangoValidationError as refused:
            found = cast("Errors", get_error_detail(refused))
            raise serializers.ValidationError(
                {camel_case(name): details for name, details in found.items()}
            ) from None

    def create(self, validated_data: dict[str, Any]) -> models.Model:
        # nosemgrep: orm-model-from-data -- of the names in Meta.fields only
        instance = self.Meta.model(**validated_data)
        try:
            with transaction.atomic():
                instance.save(force_insert=True)
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                raise Conflict(target="id") from None
            raise
        return instance

    def _is_control_information(self, name: str) -> bool:
        """Say whether a name annotates the object, or a property that it has."""
        target, _, term = name.partition("@")
        return bool(term) and (not target or target in self.fields)

    def _check_control_information(self, name: str, value: Any) -> None:
        """Refuse a wrong type and a binding; all other control information may stand.

        Source: OData JSON Format 4.01, section 4.6; the prefix ``odata.`` is optional.
        """
        target, _, term = name.partition("@")
        term = term.removeprefix("odata.")
        if term == "bind":
            raise BadRequest("There is nothing to bind to.", target=name)
        if term != "type":
            return
        described: Any = self.fields[target] if target else self.Meta
        expected = described.type_name
        given = value.split("#")[-1] if isinstance(value, str) else ""
        if given.removeprefix("Edm.") != expected:
            raise BadRequest(f"{name} must be #{expected} or be left out.", target=name)

    def _unknown_or_missing(
        self, properties: dict[str, Any]
    ) -> Iterator[tuple[str, list[ErrorDetail]]]:
        for name in properties:
            if name not in self.fields:
                message = f"{self.Meta.type_name} has no such property."
                yield name, [ErrorDetail(message, "unknown")]
        for name, field in self.fields.items():
            if not self.partial and name not in properties and self.requires(field):
                yield name, [ErrorDetail("This property is required.", "required")]

    def requires(self, field: serializers.Field[Any, Any, Any, Any]) -> bool:
        """Say whether a POST must name the property of this field."""
        if field.source in self.Meta.server_supplied:
            return False
        return settings.CREATE_REQUIRES == "documented" or not field.allow_null


class CertificateStateSerializer(GraphSerializer):
    instance: ManagedAllDeviceCertificateState | None

    class Meta:
        model = ManagedAllDeviceCertificateState
        type_name = "microsoft.graph.managedAllDeviceCertificateState"
        fields = ManagedAllDeviceCertificateState.GRAPH_PROPERTIES
        server_supplied = ("id", "certificate_revoke_status_last_change_date_time")

    def update(
        self,
        instance: ManagedAllDeviceCertificateState,
        validated_data: dict[str, Any],
    ) -> ManagedAllDeviceCertificateState:
        changed = [n for n, v in validated_data.items() if getattr(instance, n) != v]
        for name in changed:
            # nosemgrep: orm-attribute-from-data -- of the names in Meta.fields only
            setattr(instance, name, validated_data[name])
        dated = "certificate_revoke_status_last_change_date_time" in validated_data
        instance.save_changes(changed, dated=dated)
        return instance
