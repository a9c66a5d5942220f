"""The properties that an expression may name: those of the entity, and no others."""

from dataclasses import dataclass

from certstates.edm import EdmField
from certstates.odata.values import Edm
from certstates.serializers import CertificateStateSerializer


@dataclass(frozen=True)
class Property:
    """A property by its name on the wire, with the model's field behind it."""

    name: str
    field: str
    type: Edm
    nullable: bool

    @classmethod
    def of(cls, name: str, field: EdmField) -> "Property":
        source = field.source or name
        return cls(name, source, Edm.of(field.type_name), bool(field.allow_null))


PROPERTIES = {
    name.lower(): Property.of(name, field)
    for name, field in CertificateStateSerializer.edm_fields().items()
}


def find(name: str) -> Property | None:
    """Return the property of this name, in any case, as Graph has it."""
    return PROPERTIES.get(name.lower())
