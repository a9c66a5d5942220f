"""A model document, and how CSDL JSON writes it.

The XML form of the same objects is ``templates/metadata.xml``. Source: OData CSDL XML
and CSDL JSON Representation 4.01. Names of types are written with the schema's alias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class PropertyPath(str):
    """The name of a property, as an annotation's value."""

    __slots__ = ()


@dataclass(frozen=True)
class EnumValue:
    """Members of a vocabulary's enumeration, as an annotation's value."""

    type_name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(f"{self.type_name}/{member}" for member in self.members)


# bool, int, str, PropertyPath, EnumValue, or a list or dict of these. In a dict, a name
# with an @ is an annotation of the record that the dict stands for.
Value = Any


@dataclass(frozen=True)
class Expression:
    """The value of an annotation, of a record's property or of a collection's item."""

    value: Value

    @property
    def element(self) -> str:
        """The name that the XML form has for a value of this kind."""
        kinds = {
            bool: "Bool",
            int: "Int",
            str: "String",
            PropertyPath: "PropertyPath",
            EnumValue: "EnumMember",
            list: "Collection",
            dict: "Record",
        }
        return kinds[type(self.value)]

    @property
    def text(self) -> str:
        text = str(self.value)
        return text.lower() if isinstance(self.value, bool) else text

    @property
    def parts(self) -> list[Expression]:
        return [Expression(part) for part in self.value]

    @property
    def properties(self) -> list[tuple[str, Expression]]:
        named = self.value.items()
        return [(name, Expression(value)) for name, value in named if name[0] != "@"]

    @property
    def annotations(self) -> list[tuple[str, Expression]]:
        named = self.value.items()
        return [
            (name[1:], Expression(value)) for name, value in named if name[0] == "@"
        ]

    @property
    def json(self) -> Any:
        if isinstance(self.value, EnumValue):
            return ",".join(self.value.members)
        if isinstance(self.value, list):
            return [part.json for part in self.parts]
        if isinstance(self.value, dict):
            return {n: Expression(value).json for n, value in self.value.items()}
        return self.value


@dataclass(frozen=True, kw_only=True)
class ModelElement:
    """A named thing of the model. ``annotations`` are values by the name of a term."""

    name: str
    annotations: Mapping[str, Value] = field(default_factory=dict)

    @property
    def terms(self) -> list[tuple[str, Expression]]:
        return [(term, Expression(value)) for term, value in self.annotations.items()]

    @property
    def json(self) -> dict[str, Any]:
        """What CSDL JSON says of it, behind its name: here only the annotations."""
        return {f"@{term}": expression.json for term, expression in self.terms}


@dataclass(frozen=True, kw_only=True)
class Property(ModelElement):
    type_name: str
    nullable: bool
    max_length: int | None = None
    precision: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        facets = {
            "$Type": self.type_name if self.type_name != "Edm.String" else None,
            "$Nullable": self.nullable or None,
            "$MaxLength": self.max_length,
            "$Precision": self.precision,
        }
        stated = {name: facet for name, facet in facets.items() if facet is not None}
        return {**stated, **super().json}


@dataclass(frozen=True, kw_only=True)
class ContainedCollection(ModelElement):
    """A navigation property to many entities that live nowhere else."""

    type_name: str

    @property
    def json(self) -> dict[str, Any]:
        return {
            "$Kind": "NavigationProperty",
            "$Collection": True,
            "$Type": self.type_name,
            "$ContainsTarget": True,
            **super().json,
        }


@dataclass(frozen=True, kw_only=True)
class EntityType(ModelElement):
    base_type: str | None = None
    abstract: bool = False
    key: str | None = None
    properties: Sequence[Property] = ()
    collections: Sequence[ContainedCollection] = ()

    @property
    def json(self) -> dict[str, Any]:
        head = {
            "$Kind": "EntityType",
            "$BaseType": self.base_type,
            "$Abstract": self.abstract or None,
            "$Key": [self.key] if self.key else None,
        }
        return {
            **{name: value for name, value in head.items() if value is not None},
            **super().json,
            **{part.name: part.json for part in (*self.properties, *self.collections)},
        }


@dataclass(frozen=True, kw_only=True)
class Member(ModelElement):
    value: int

    @property
    def json(self) -> dict[str, Any]:
        described = {f"{self.name}{n}": v for n, v in super().json.items()}
        return {self.name: self.value, **described}


@dataclass(frozen=True, kw_only=True)
class EnumType(ModelElement):
    members: Sequence[Member]

    @property
    def json(self) -> dict[str, Any]:
        members = {n: v for member in self.members for n, v in member.json.items()}
        return {"$Kind": "EnumType", **super().json, **members}


@dataclass(frozen=True, kw_only=True)
class Singleton(ModelElement):
    type_name: str

    @property
    def json(self) -> dict[str, Any]:
        return {"$Type": self.type_name, **super().json}


@dataclass(frozen=True, kw_only=True)
class EntityContainer(ModelElement):
    singletons: Sequence[Singleton]

    @property
    def json(self) -> dict[str, Any]:
        singletons = {singleton.name: singleton.json for singleton in self.singletons}
        return {"$Kind": "EntityContainer", **super().json, **singletons}


@dataclass(frozen=True, kw_only=True)
class BoundFunction(ModelElement):
    """A function from a collection to a collection of the same type."""

    type_name: str

    @property
    def json(self) -> dict[str, Any]:
        collection = {"$Collection": True, "$Type": self.type_name}
        return {
            "$Kind": "Function",
            "$IsBound": True,
            "$Parameter": [{"$Name": "bindingParameter", **collection}],
            "$ReturnType": collection,
            **super().json,
        }


@dataclass(frozen=True)
class Vocabulary:
    """A published vocabulary; ``url`` lacks the ending .xml or .json."""

    namespace: str
    alias: str

    @property
    def url(self) -> str:
        folder = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
        return f"{folder}/{self.namespace}"

    @property
    def json(self) -> dict[str, Any]:
        return {"$Include": [{"$Namespace": self.namespace, "$Alias": self.alias}]}


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole model: one schema with one container.

    ``targets`` are annotations of things that have no place of their own to write
    them: each is named by its path.
    """

    version: str
    vocabularies: Sequence[Vocabulary]
    namespace: str
    alias: str
    types: Sequence[EntityType | EnumType]
    functions: Sequence[BoundFunction]
    container: EntityContainer
    targets: Sequence[ModelElement]

    @property
    def entity_types(self) -> list[EntityType]:
        return [kind for kind in self.types if isinstance(kind, EntityType)]

    @property
    def enum_types(self) -> list[EnumType]:
        return [kind for kind in self.types if isinstance(kind, EnumType)]

    @property
    def json(self) -> dict[str, Any]:
        parts = (*self.types, self.container)
        return {
            "$Version": self.version,
            "$EntityContainer": f"{self.namespace}.{self.container.name}",
            "$Reference": {f"{v.url}.json": v.json for v in self.vocabularies},
            self.namespace: {
                "$Alias": self.alias,
                **{part.name: part.json for part in parts},
                **{function.name: [function.json] for function in self.functions},
                "$Annotations": {target.name: target.json for target in self.targets},
            },
        }
