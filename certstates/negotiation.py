"""Which of the formats that a resource has goes out: ``$format``, or else ``Accept``.

Sources: OData 4.01 Part 1, section 11.2.12; RFC 9110, section 12.5.1. The parameters
of a media type (``odata.metadata`` and the like) do not choose between formats.
"""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.http.request import MediaType
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from certstates.errors import shown
from certstates.headers import parsed

HTML = "text/html"
JSON = "application/json"
XML = "application/xml"
SHORT_NAMES = {"json": JSON, "xml": XML}  # of $format


class JsonErrors(DefaultContentNegotiation):
    """Leaves the choice of the format to the view; errors are always JSON."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


def chosen_format(request: Request, option: str | None, formats: Sequence[str]) -> str:
    """Return one of ``formats``, whose first is the default, or raise NotAcceptable.

    ``option`` is the value of ``$format``, if it is given.
    """
    if option is not None:
        wanted = option.lower().partition(";")[0].strip()
        likes = {
            name: float(SHORT_NAMES.get(wanted, wanted) == name) for name in formats
        }
    else:
        likes = {name: quality(request, name) for name in formats}
    best = max(formats, key=likes.__getitem__)
    if not likes[best]:
        refused = option if option is not None else request.headers["Accept"]
        raise NotAcceptable(
            f"Not available as {shown(refused)!r}; only as {' or '.join(formats)}."
        )
    return best


def quality(request: HttpRequest | Request, name: str) -> float:
    """Return how much the client likes a media type; 0 is a refusal.

    The most specific of the ranges that match it decides.
    """
    main_type, _, sub_type = name.partition("/")
    fitting = [
        (min(found.specificity, 2), found.quality)
        for found in media_ranges(request)
        if found.main_type in ("*", main_type) and found.sub_type in ("*", sub_type)
    ]
    return max(fitting)[1] if fitting else 0


def media_ranges(request: HttpRequest | Request) -> list[MediaType]:
    """Return what the client accepts, the best first; without a word, everything."""
    header = request.headers.get("Accept", "").strip() or "*/*"
    found = [parsed(part) for part in header.split(",")]
    readable = [media_type for media_type in found if media_type]
    return sorted(readable, key=lambda r: (r.quality, r.specificity), reverse=True)


def wants_page(request: HttpRequest) -> bool:
    """Say whether the root shows a person its page: unless JSON is liked better.

    A query option or a version of OData is nothing that a person would ask with.
    """
    if request.method not in ("GET", "HEAD") or request.META.get("QUERY_STRING"):
        return False
    if "OData-MaxVersion" in request.headers or "OData-Version" in request.headers:
        return False
    return quality(request, HTML) >= quality(request, JSON)
