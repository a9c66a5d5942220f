"""System query options: each is applied, or refused by name. None is ever ignored.

Source: OData 4.01 Part 2, section 5.1. The ``$`` is optional, as Graph's beta has it,
and names are compared in any case. What an option's expression means is told elsewhere:
here its name, its number of times and its simple value are looked at.
"""

import difflib
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import QueryDict
from rest_framework.request import Request

from certstates.errors import BadRequest, NotImplementedYet, shown
from certstates.models import in_any_case
from certstates.odata import syntax
from certstates.odata.properties import PROPERTIES, find, unknown
from certstates.serializers import CertificateStateSerializer

PAGE_SIZE = 1000  # both Graph's default and its maximum
MOST_SKIPPED = 2**63 - 1  # PostgreSQL's largest OFFSET

SYSTEM_OPTIONS = frozenset(
    [
        "apply",
        "compute",
        "count",
        "deltatoken",
        "expand",
        "filter",
        "format",
        "id",
        "index",
        "levels",
        "orderby",
        "schemaversion",
        "search",
        "select",
        "skip",
        "skiptoken",
        "top",
    ]
)
# So short a name as "id" resembles too many others.
EASILY_MISSPELLED = SYSTEM_OPTIONS - {"id"}


@dataclass(frozen=True)
class Options:
    """The options of one request.

    ``top`` is the page size, 1 to 1000, or None; ``select`` the wire names of the
    selected properties in the entity's order, or None for all; ``aliases`` the
    parameter aliases with their ``@``. Expressions are still text.
    """

    filter: str | None = None
    search: str | None = None
    orderby: str | None = None
    select: tuple[str, ...] | None = None
    count: bool = False
    top: int | None = None
    skip: int = 0
    skiptoken: str | None = None
    deltatoken: str | None = None
    format: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)


def parse_options(request: Request, *, offered: frozenset[str]) -> Options:
    """Return the options, or raise BadRequest or NotImplementedYet naming the culprit.

    ``offered`` are the options that the resource offers. A custom option, one without
    ``$`` that does not resemble a system option, has no meaning here and passes.
    """
    refuse_unreadable(request.META.get("QUERY_STRING", ""))
    given, aliases = _given(request.query_params, offered)
    expand(given.get("expand", "*"))
    if not given.get("format", "json").strip():
        raise BadRequest("$format is empty.", target="$format")
    if "skip" in given and "skiptoken" in given:
        raise BadRequest(
            "$skip belongs to the first page, and $skiptoken to those that follow.",
            target="$skip",
        )
    return Options(
        filter=given.get("filter"),
        search=given.get("search"),
        orderby=given.get("orderby"),
        select=selected(given["select"]) if "select" in given else None,
        count=true_or_false(given.get("count", "false")),
        top=page_size(given["top"]) if "top" in given else None,
        skip=skipped(given.get("skip", "0")),
        skiptoken=given.get("skiptoken"),
        deltatoken=given.get("deltatoken"),
        format=given.get("format"),
        aliases=aliases,
    )


def _given(
    query: QueryDict, offered: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the system options by their names without ``$``, and the aliases."""
    given: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for key, values in query.lists():
        name = key if key.startswith("@") else in_any_case(key).removeprefix("$")
        if not key.startswith("@") and not is_system_option(key, name, offered):
            continue
        found = aliases if key.startswith("@") else given
        if name in found or len(values) > 1:
            raise BadRequest(f"{shown(key)} is given more than once.", target=key)
        found[name] = values[0]
    refuse_unused(aliases, given)
    return given, aliases


def is_system_option(key: str, name: str, offered: frozenset[str]) -> bool:
    if name in offered:
        return True
    if name in SYSTEM_OPTIONS:
        raise NotImplementedYet(f"${name} is not implemented here.", target=key)
    meant = difflib.get_close_matches(name, EASILY_MISSPELLED, n=1, cutoff=0.8)
    hint = f" Did you mean ${meant[0]}?" if meant else ""
    if key.startswith("$") or meant:
        raise BadRequest(f"{shown(key)} is not a query option.{hint}", target=key)
    return False


def refuse_unused(aliases: dict[str, str], given: dict[str, str]) -> None:
    """Refuse an alias that no expression names: it is most likely misspelled."""
    expressions = f"{given.get('filter', '')} {given.get('orderby', '')}"
    for name in aliases:
        if not re.search(rf"{re.escape(name)}\b", expressions):
            raise BadRequest(f"{shown(name)} is not used.", target=name)


def refuse_unreadable(query: str) -> None:
    """Refuse what Django would repair, or refuse in words of its own."""
    if query.count("&") >= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        raise BadRequest(f"The query string has more than {most} options.")
    try:
        unquote_to_bytes(query.encode("latin-1", "replace")).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The query string is not UTF-8 (byte {error.start + 1}, unescaped)."
        ) from None


def selected(text: str) -> tuple[str, ...] | None:
    tokens = syntax.parse(text, "select", option="$select")
    names = set()
    for token in tokens:
        if isinstance(token, syntax.NotOffered):
            raise syntax.not_offered("$select", token.at, token.what)
        found = find(token)
        if token.type == "STAR":
            names |= {each.name for each in PROPERTIES.values()}
        elif found is None:
            raise syntax.misplaced("$select", syntax.place(token), unknown(token))
        else:
            names.add(found.name)
    if "*" in tokens:
        return None
    return tuple(each.name for each in PROPERTIES.values() if each.name in names)


def expand(text: str) -> None:
    """Refuse every name: there is no navigation property, so ``*`` is nothing, too."""
    if text.strip() != "*":
        raise BadRequest(
            f"$expand: {CertificateStateSerializer.Meta.type_name} has no navigation "
            f"property {shown(text.strip())!r}.",
            target="$expand",
        )


def true_or_false(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadRequest(
            f"$count must be true or false, not {shown(text)!r}.", target="$count"
        )
    return text.lower() == "true"


def page_size(text: str) -> int:
    number = whole_number(text)
    if not number:
        raise BadRequest(
            f"$top must be a whole number from 1 to {PAGE_SIZE}, not {shown(text)!r}.",
            target="$top",
        )
    return min(number, PAGE_SIZE)


def skipped(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise BadRequest(
            f"$skip must be a whole number from 0, not {shown(text)!r}.", target="$skip"
        )
    return min(number, MOST_SKIPPED - PAGE_SIZE - 1)


def whole_number(text: str) -> int | None:
    """Return the number, or None; of more than twenty digits the first ones."""
    if not text.isascii() or not text.isdigit():
        return None
    return int(text.lstrip("0")[:20] or "0")
