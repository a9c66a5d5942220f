"""Faults of pages: links that are no longer known, pages that come empty or twice."""

import re
from urllib.parse import quote, urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from certstates import errors
from certstates.addresses import DELTA, ServiceRoot, public_url, root_of

TOKENS = ("skiptoken", "deltatoken")
DELTA_PATH = re.compile(
    rf"/(?:{'|'.join(map(re.escape, DELTA))})/?\Z", re.IGNORECASE
)  # fmt: skip


def has_token(request: HttpRequest) -> bool:
    """Say whether a request follows a link of an earlier answer."""
    return any(
        name.lower().removeprefix("$") in TOKENS and value != "latest"
        for name, value in request.GET.items()
    )


def expired(request: HttpRequest) -> HttpResponse:
    """Return what Graph answers to a link that it no longer knows."""
    if not DELTA_PATH.search(request.path_info):
        message = "The $skiptoken has expired; begin again without it."
        return errors.response(request, 400, message, target="$skiptoken")
    gone = errors.SyncStateNotFound
    response = errors.response(request, gone.status_code, gone.default_detail)
    root = ServiceRoot.of(request, root_of(request.path_info[1:]))
    response["Location"] = root.delta
    return response


def leading_back(
    request: HttpRequest, response: HttpResponseBase, *, keep: bool
) -> HttpResponseBase:
    """Return a page of a list, or an empty one, whose link leads to itself.

    Who follows it gets all records in the end. What is no page stays as it is.
    """
    page = _page(response)
    if page is None or not isinstance(response, HttpResponse):
        return response
    control = {n: v for n, v in page.items() if not n.endswith("Link")}
    control["@odata.nextLink"] = own_address(request)
    control["value"] = page["value"] if keep else []
    response.content = orjson.dumps(control)
    if "Content-Length" in response:
        response["Content-Length"] = str(len(response.content))
    return response


def _page(response: HttpResponseBase) -> dict[str, object] | None:
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        return None
    if not response.get("Content-Type", "").startswith("application/json"):
        return None
    body = orjson.loads(response.content)
    is_page = isinstance(body, dict) and isinstance(body.get("value"), list)
    return body if is_page else None


def own_address(request: HttpRequest) -> str:
    """Return the address of a request as a link has it: everything but $ escaped."""
    pairs = [(name, v) for name, values in request.GET.lists() for v in values]
    query = urlencode(pairs, safe="$", quote_via=quote)
    path = quote(request.path_info[1:], safe="/$()'")
    return public_url(request) + path + (f"?{query}" if query else "")
