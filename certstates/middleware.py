"""What every API request and response carries, whoever answers it."""

import http
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from certstates import errors

# The site's own pages; every other path speaks Graph.
PAGES = re.compile(r"/(admin|docs|static)(/.*)?|/favicon\.ico", re.DOTALL)
# What a client may choose as its request id: visible ASCII, and not a whole novel.
CLIENT_REQUEST_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


class GraphMiddleware:
    """Gives requests their ids and API responses Graph's headers.

    It stands outermost, so that an error page that Django or another middleware made
    on an API path (unknown host, wrong path, a crash) leaves as JSON too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = str(uuid.uuid4())
        theirs = request.headers.get("client-request-id", "")
        request.graph_request_id = request_id  # type: ignore[attr-defined]
        request.graph_client_request_id = (  # type: ignore[attr-defined]
            theirs if CLIENT_REQUEST_ID.fullmatch(theirs) else request_id
        )
        response = self.get_response(request)
        if self._is_page(request):
            return response
        return self._as_graph(request, response)

    def _is_page(self, request: HttpRequest) -> bool:
        if request.path_info == "/":  # a page to read, and a service root to write to
            return request.method in ("GET", "HEAD")
        return bool(PAGES.fullmatch(request.path_info))

    def _as_graph(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_html = response.get("Content-Type", "").startswith("text/html")
        if response.status_code >= 400 and is_html:
            status = http.HTTPStatus(response.status_code)
            response = errors.response(request, status, f"{status.phrase}.")
        response["request-id"] = request.graph_request_id  # type: ignore[attr-defined]
        response["client-request-id"] = request.graph_client_request_id  # type: ignore[attr-defined]
        response["OData-Version"] = "4.0"
        response["Cache-Control"] = "no-store"
        if isinstance(response, HttpResponse) and response.status_code == 204:
            del response["Content-Type"]
        return response
