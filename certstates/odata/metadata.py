"""The model document, derived from the serializer, the model and the capabilities."""

import inspect
from typing import Any

from django.template.loader import render_to_string

from certstates.addresses import NAVIGATION, SINGLETON
from certstates.edm import EdmField, EdmRevocationStatus
from certstates.models import RevocationStatus
from certstates.odata import capabilities as capable
from certstates.odata.csdl import (
    BoundFunction,
    ContainedCollection,
    Document,
    EntityContainer,
    EntityType,
    EnumType,
    Member,
    ModelElement,
    Property,
    Singleton,
    Vocabulary,
)
from certstates.serializers import CertificateStateSerializer

NAMESPACE = "microsoft.graph"
ALIAS = "graph"
CONTAINER = "GraphService"
ENTITY = "entity"
KEY = "id"

CORE = Vocabulary("Org.OData.Core.V1", "Core")
CAPABILITIES = Vocabulary("Org.OData.Capabilities.V1", "Capabilities")


def model_document(capabilities: capable.Capabilities) -> Document:
    return Document(
        version="4.0",
        vocabularies=[CORE, CAPABILITIES],
        namespace=NAMESPACE,
        alias=ALIAS,
        types=[_entity(), _certificate_state(), _device_management(), _status()],
        functions=[_delta()] if capabilities.delta else [],
        container=EntityContainer(
            name=CONTAINER,
            annotations=capable.of_the_service(capabilities),
            singletons=[
                Singleton(
                    name=SINGLETON,
                    type_name=f"{ALIAS}.{SINGLETON}",
                    annotations=capable.of_the_singleton(),
                )
            ],
        ),
        # The vocabulary wants them in the container; tools made for Graph look where
        # Graph has them, at the type's navigation property.
        targets=[
            ModelElement(
                name=f"{place}/{NAVIGATION}",
                annotations=capable.of_the_collection(capabilities),
            )
            for place in (f"{ALIAS}.{CONTAINER}/{SINGLETON}", f"{ALIAS}.{SINGLETON}")
        ],
    )


def required_properties() -> tuple[str, ...]:
    """Return the names of what a POST must hold, under the settings of today."""
    serializer = CertificateStateSerializer()
    fields = serializer.fields.items()
    return tuple(name for name, field in fields if serializer.requires(field))


def as_xml(document: Document) -> str:
    return render_to_string("metadata.xml", {"document": document})


def _entity() -> EntityType:
    """Return the type that all entities of Graph extend; it has their key."""
    key = _property(KEY, CertificateStateSerializer().fields[KEY])
    return EntityType(name=ENTITY, abstract=True, key=KEY, properties=[key])


def _certificate_state() -> EntityType:
    serializer = CertificateStateSerializer()
    return EntityType(
        name=_without_namespace(serializer.Meta.type_name),
        base_type=f"{ALIAS}.{ENTITY}",
        annotations={"Core.Description": inspect.getdoc(serializer.Meta.model)},
        properties=[
            _property(name, field)
            for name, field in serializer.fields.items()
            if name != KEY
        ],
    )


def _property(name: str, field: Any) -> Property:
    """Return what the serializer's field and the model's field say together."""
    meta = CertificateStateSerializer.Meta
    column: Any = meta.model._meta.get_field(field.source)
    described = {"Core.Description": column.help_text}
    if field.source in meta.server_supplied:
        described["Core.ComputedDefaultValue"] = True
    return Property(
        name=name,
        type_name=_type_name(field),
        nullable=field.allow_null,
        max_length=column.max_length,
        precision=field.precision,
        annotations=described,
    )


def _device_management() -> EntityType:
    states = ContainedCollection(name=NAVIGATION, type_name=_record_type())
    return EntityType(
        name=SINGLETON, base_type=f"{ALIAS}.{ENTITY}", collections=[states]
    )


def _delta() -> BoundFunction:
    return BoundFunction(name="delta", type_name=_record_type())


def _record_type() -> str:
    return f"{ALIAS}.{_without_namespace(CertificateStateSerializer.Meta.type_name)}"


def _status() -> EnumType:
    return EnumType(
        name=_without_namespace(EdmRevocationStatus.type_name),
        members=[
            Member(
                name=member.wire_name,
                value=member.value,
                annotations={"Core.Description": member.label},
            )
            for member in RevocationStatus
        ],
    )


def _type_name(field: EdmField) -> str:
    name = _without_namespace(field.type_name)
    return f"Edm.{name}" if name == field.type_name else f"{ALIAS}.{name}"


def _without_namespace(type_name: str) -> str:
    return type_name.removeprefix(f"{NAMESPACE}.")
