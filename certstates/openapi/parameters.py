"""What a request can say beside its body: path, query options and headers.

A query option that a view offers and that is not described here appears all the same,
as a plain string.
"""

from collections.abc import Iterable
from typing import Any

from certstates.addresses import ODATA_SEGMENT
from certstates.middleware import CLIENT_REQUEST_ID, SERVED_VERSIONS
from certstates.negotiation import JSON
from certstates.odata.formats import LEVELS
from certstates.odata.options import PAGE_SIZE
from certstates.odata.ordering import MOST_KEYS
from certstates.odata.properties import PROPERTIES
from certstates.odata.syntax import MOST_CHARACTERS
from certstates.openapi.paths import KEY, PROPERTY
from certstates.openapi.schemas import TEXT, Schema, array_of, one_of, property_schemas

NAMES = [found.name for found in PROPERTIES.values()]
DIRECTED = [f"{name}{way}" for name in NAMES for way in ("", " desc")]
FORMATS = [
    "json",
    JSON,
    *(f"application/json;odata.metadata={level}" for level in LEVELS),
]
OPTIONS: dict[str, tuple[Schema, str]] = {
    "count": ({"type": "boolean"}, "Say the number of all matches in `@odata.count`."),
    "deltatoken": (
        {**TEXT, "format": "odata-deltatoken"},
        "From an `@odata.deltaLink`: what changed since. `latest`: from now on.",
    ),
    "expand": (
        array_of(one_of(["*"]), minItems=1, maxItems=1),
        "There is no navigation property; `*` is nothing, too.",
    ),
    "filter": (
        {**TEXT, "format": "odata-filter"},
        (
            "A condition, such as `certificateRevokeStatus eq 'none' and "
            "certificateExpirationDateTime lt 2027-01-01T00:00:00Z`. Texts are "
            f"compared in any case, but for `id`. At most {MOST_CHARACTERS} characters."
        ),
    ),
    "format": (
        {**TEXT, "format": "odata-format"},
        (
            f"Overrides the header Accept: {', '.join(f'`{name}`' for name in FORMATS)}"
            ". Of `$metadata` there is `xml`, too."
        ),
    ),
    "orderby": (
        array_of(one_of(DIRECTED), minItems=1, maxItems=MOST_KEYS),
        "Properties, each ascending or `desc`; expressions are taken as well.",
    ),
    "search": (
        {**TEXT, "format": "odata-search"},
        'Words or "phrases", with `AND`, `OR` and `NOT`.',
    ),
    "select": (
        array_of(one_of(NAMES), minItems=1),
        "Only these properties.",
    ),
    "skip": ({"type": "integer", "minimum": 0}, "Leave out so many records first."),
    "skiptoken": (TEXT, "From an `@odata.nextLink`: the page that follows."),
    "top": (
        {"type": "integer", "minimum": 1},
        f"Records a page; more than {PAGE_SIZE}, the default, count as {PAGE_SIZE}.",
    ),
}

HEADERS: dict[str, tuple[Schema, str]] = {
    "client-request-id": (
        TEXT,
        (
            "Comes back in the answer, if it fits "
            f"`{CLIENT_REQUEST_ID.pattern}`; otherwise the server's `request-id` does."
        ),
    ),
    "OData-MaxVersion": (
        one_of(SERVED_VERSIONS),
        (
            f"The newest OData that the client reads; {' and '.join(SERVED_VERSIONS)} "
            "are served."
        ),
    ),
    "If-Match": (
        {**TEXT, "format": "odata-etag"},
        "ETags, or `*`. Of another version nothing is written.",
    ),
    "If-None-Match": (
        {**TEXT, "format": "odata-etag"},
        "ETags, or `*`. A version that is known is answered with 304.",
    ),
    "Prefer": (
        TEXT,
        (
            "`return=minimal` or `return=representation` when writing, "
            f"`odata.maxpagesize` up to {PAGE_SIZE} when reading; anything else is "
            "passed over."
        ),
    ),
}
EVERYWHERE = ("client-request-id", "OData-MaxVersion")


def parameter(name: str, place: str, schema: Schema, description: str) -> Schema:
    found = {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    }
    if schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found


def option(name: str) -> Schema:
    schema, description = OPTIONS.get(name, (TEXT, f"The system query option ${name}."))
    return parameter(f"${name}", "query", schema, description)


def options(offered: Iterable[str]) -> list[Schema]:
    return [option(name) for name in sorted(offered)]


def headers(names: Iterable[str]) -> list[Schema]:
    return [parameter(name, "header", *HEADERS[name]) for name in names]


def path_variables(path: str) -> list[Schema]:
    id = {**property_schemas()["id"]}
    # Such an id has another form of address, which leaves the path's template.
    id["pattern"] = id["pattern"].replace("^", f"^(?!{ODATA_SEGMENT})", 1)
    known: dict[str, tuple[Schema, Any]] = {
        KEY: (id, id.pop("description")),
        PROPERTY: (one_of(NAMES), "A property, in any case."),
    }
    return [
        parameter(name, "path", *described)
        for name, described in known.items()
        if f"{{{name}}}" in path
    ]
