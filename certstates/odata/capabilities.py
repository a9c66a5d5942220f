"""What the API can do, in the words of the vocabulary Org.OData.Capabilities.V1.

A client that finds no word takes most of the things below for granted, so what is not
offered is said as well.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from certstates.odata.csdl import EnumValue, PropertyPath, Value
from certstates.permissions import accepted_scopes

Annotations = dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The facts; each comes from the code that makes it true.

    ``options`` are the query options of the collection and ``write_options`` those of
    a POST or PATCH, by their names without ``$``; ``methods`` are HTTP methods in
    capitals; ``required`` are the properties that a POST must name. A batch of 0
    requests means that there is no ``$batch``.
    """

    methods: frozenset[str]
    options: frozenset[str]
    write_options: frozenset[str]
    required: tuple[str, ...]
    filter_functions: tuple[str, ...]
    unsupported_search: tuple[str, ...]
    delta: bool
    max_batch_size: int
    formats: tuple[str, ...]
    metadata_formats: tuple[str, ...]

    # Answers are 4.0; requests may be written as either has it.
    odata_versions: tuple[str, ...] = ("4.0", "4.01")
    conformance: str = "Minimal"


def of_the_service(capabilities: Capabilities) -> Annotations:
    """Return the annotations of the entity container."""
    level = EnumValue("Capabilities.ConformanceLevelType", (capabilities.conformance,))
    return {
        "Core.ODataVersions": " ".join(capabilities.odata_versions),
        "Capabilities.ConformanceLevel": level,
        "Capabilities.SupportedFormats": [*capabilities.formats],
        "Capabilities.SupportedMetadataFormats": [*capabilities.metadata_formats],
        "Capabilities.KeyAsSegmentSupported": True,
        "Capabilities.AsynchronousRequestsSupported": False,
        "Capabilities.CrossJoinSupported": False,
        "Capabilities.BatchSupported": capabilities.max_batch_size > 0,
        "Capabilities.BatchSupport": _batch(capabilities.max_batch_size),
    }


def of_the_singleton() -> Annotations:
    return {
        "Capabilities.ReadRestrictions": _restrictions("Readable", "GET", {"GET"}),
        "Capabilities.UpdateRestrictions": {"Updatable": False},
        "Capabilities.DeleteRestrictions": {"Deletable": False},
        "Capabilities.SelectSupport": {"Supported": False},
        "Capabilities.ExpandRestrictions": {"Expandable": False},
    }


def of_the_collection(capabilities: Capabilities) -> Annotations:
    return {**_reading(capabilities), **_writing(capabilities)}


def _reading(capabilities: Capabilities) -> Annotations:
    options, methods = capabilities.options, capabilities.methods
    words: Annotations = {
        "Capabilities.ReadRestrictions": _restrictions("Readable", "GET", methods),
        "Capabilities.IndexableByKey": True,
        "Capabilities.TopSupported": "top" in options,
        "Capabilities.SkipSupported": "skip" in options,
        "Capabilities.ComputeSupported": "compute" in options,
        "Capabilities.SelectSupport": {"Supported": "select" in options},
        "Capabilities.CountRestrictions": {"Countable": "count" in options},
        "Capabilities.ExpandRestrictions": {"Expandable": False},
        "Capabilities.SortRestrictions": {"Sortable": "orderby" in options},
        "Capabilities.SearchRestrictions": _search(capabilities),
        "Capabilities.FilterRestrictions": {"Filterable": "filter" in options},
        "Capabilities.ChangeTracking": {"Supported": capabilities.delta},
    }
    if capabilities.filter_functions:  # an empty list would mean that all may be tried
        names = sorted(capabilities.filter_functions)
        words["Capabilities.FilterFunctions"] = names
    return words


def _writing(capabilities: Capabilities) -> Annotations:
    methods = capabilities.methods
    supported = {"SelectSupported": "select" in capabilities.write_options}
    # Segments that would change many records at once count as supported if unsaid.
    no_sets = {"FilterSegmentSupported": False, "TypecastSegmentSupported": False}
    return {
        "Capabilities.InsertRestrictions": {
            **_restrictions("Insertable", "POST", methods),
            "RequiredProperties": [PropertyPath(n) for n in capabilities.required],
            "TypecastSegmentSupported": False,
            "QueryOptions": supported,
        },
        "Capabilities.UpdateRestrictions": {
            **_restrictions("Updatable", "PATCH", methods),
            "UpdateMethod": EnumValue("Capabilities.HttpMethod", ("PATCH",)),
            "Upsertable": False,
            **no_sets,
            "QueryOptions": supported,
        },
        "Capabilities.DeleteRestrictions": {
            **_restrictions("Deletable", "DELETE", methods),
            **no_sets,
        },
    }


def _restrictions(
    ability: str, method: str, methods: Collection[str]
) -> dict[str, Value]:
    """Return whether a method is offered, and the scopes of which a token needs one."""
    scopes = [{"Scope": scope} for scope in accepted_scopes(method)]
    return {
        ability: method in methods,
        # Graph's name for tokens that belong to an application, as all do here.
        "Permissions": [{"SchemeName": "Application", "Scopes": scopes}],
    }


def _search(capabilities: Capabilities) -> dict[str, Value]:
    if "search" not in capabilities.options:
        return {"Searchable": False}
    unsupported = capabilities.unsupported_search or ("none",)
    return {
        "Searchable": True,
        "UnsupportedExpressions": EnumValue(
            "Capabilities.SearchExpressions", unsupported
        ),
    }


def _batch(max_size: int) -> dict[str, Any]:
    if not max_size:
        return {"Supported": False}
    return {
        "Supported": True,
        "SupportedFormats": ["application/json"],
        "@Core.Description": f"A batch holds at most {max_size} requests.",
    }
