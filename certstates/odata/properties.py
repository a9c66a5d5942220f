"""The properties that an expression may name: those of the entity, and no others."""

from dataclasses import dataclass

from django.db.models import F

from certstates.edm import EdmField
from certstates.errors import shown
from certstates.models import in_any_case
from certstates.odata.sql import Typed
from certstates.odata.values import Edm
from certstates.serializers import CertificateStateSerializer


@dataclass(frozen=True)
class Property:
    """A property by its name on the wire, with the model's field behind it."""

    name: str
    field: str
    type: Edm
    nullable: bool

    @property
    def column(self) -> Typed:
        """Return the property as an operand; an id is compared exactly."""
        exact = self.field == "id"
        # nosemgrep: orm-names -- PROPERTIES has all that there are
        return Typed(self.type, F(self.field), nullable=self.nullable, exact=exact)

    @classmethod
    def of(cls, name: str, field: EdmField) -> "Property":
        source = field.source or name
        return cls(name, source, Edm.of(field.type_name), bool(field.allow_null))


PROPERTIES = {
    in_any_case(name): Property.of(name, field)
    for name, field in CertificateStateSerializer.edm_fields().items()
}


def find(name: str) -> Property | None:
    """Return the property of this name, in any case, as Graph has it."""
    return PROPERTIES.get(in_any_case(name))


def unknown(name: str) -> str:
    """Say that there is no such property."""
    return (
        f"{CertificateStateSerializer.Meta.type_name} has no property {shown(name)!r}"
    )
