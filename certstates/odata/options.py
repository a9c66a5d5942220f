"""System query options: each is applied, or refused by name. None is ever ignored.

Source: OData 4.01 Part 2, section 5.1. The ``$`` is optional, as Graph's beta has it,
and names are compared in any case.
"""

from dataclasses import dataclass

from django.http import QueryDict

from certstates.errors import BadRequest, NotImplementedYet

PAGE_SIZE = 1000  # both Graph's default and its maximum

SYSTEM_OPTIONS = frozenset(
    [
        "apply",
        "compute",
        "count",
        "deltatoken",
        "expand",
        "filter",
        "format",
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


@dataclass(frozen=True)
class Options:
    """The options of one request.

    ``top`` is the page size, 1 to 1000; ``skiptoken`` the opaque place to go on from,
    ``deltatoken`` the opaque moment since when changes are asked for.
    """

    top: int = PAGE_SIZE
    skiptoken: str | None = None
    deltatoken: str | None = None


def parse_options(query: QueryDict, *, offered: frozenset[str]) -> Options:
    """Return the options, or raise BadRequest or NotImplementedYet naming the culprit.

    ``offered`` are the options that the resource offers. A custom option, one without
    ``$`` that is no system option, has no meaning here and passes.
    """
    given: dict[str, str] = {}
    for key, values in query.lists():
        name = key.lower().removeprefix("$")
        if name not in SYSTEM_OPTIONS and not key.startswith("$"):
            continue
        if name not in SYSTEM_OPTIONS:
            raise BadRequest(f"{key} is not a query option.", target=key)
        if name not in offered:
            raise NotImplementedYet(f"${name} is not implemented here.", target=key)
        if name in given or len(values) > 1:
            raise BadRequest(f"${name} is given more than once.", target=key)
        given[name] = values[0]
    return Options(
        top=_page_size(given.get("top", str(PAGE_SIZE))),
        skiptoken=given.get("skiptoken"),
        deltatoken=given.get("deltatoken"),
    )


def _page_size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise BadRequest(
            f"$top must be a whole number from 1 to {PAGE_SIZE}, not {text[:50]!r}.",
            target="$top",
        )
    digits = text.lstrip("0")
    return min(int(digits), PAGE_SIZE) if len(digits) < 10 else PAGE_SIZE
