"""What every API request and response carries, whoever answers it."""

import http
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from certstates import errors, logs
from certstates.history import recorded
from certstates.models import Door
from certstates.negotiation import wants_page
from certstates.oauth.addresses import is_oauth
from certstates.oauth.answers import as_oauth, in_oauths_words, refused_elsewhere
from certstates.staff.addresses import client_address

# The site's own pages; every other path speaks Graph.
PAGES = re.compile(r"/(admin|docs|static)(/.*)?|/favicon\.ico", re.DOTALL)
# A version from 4.0 on (OData 4.01 Part 1, section 8.1.5 and 8.2.7).
VERSION = re.compile(r"(?:[4-9]|[1-9]\d{1,3})\.\d{1,4}", re.ASCII)
# The one page that takes files.
IMPORT = "/admin/certstates/managedalldevicecertificatestate/import/"
PLAIN_TEXT = "text/plain; charset=utf-8"
SERVED_VERSIONS = ("4.0", "4.01")
# What a client may choose as its request id: visible ASCII, and not a whole novel.
CLIENT_REQUEST_ID = re.compile(r"[!-~]{1,128}", re.ASCII)

# About what Graph's own servers take; what is longer goes in a $batch.
LONGEST_ADDRESS = 16 * 1024
# A link to the next page says the same with more escapes; the HTTP server ends here.
LONGEST_LINK = 65_000


def overlong(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to an address that does not end."""
    query = request.META.get("QUERY_STRING", "")
    most = LONGEST_LINK if "skiptoken=" in query else LONGEST_ADDRESS
    length = len(query) + len(request.path_info)
    if length <= most:
        return None
    message = f"The address has {length} bytes; {most} are allowed."
    return errors.response(request, http.HTTPStatus.REQUEST_URI_TOO_LONG, message)


def overlarge(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a page's form that nobody could have filled in.

    Django would first write its files to the disk, whoever sends it. The import has a
    limit of its own, and tells another way.
    """
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = str(request.META.get("CONTENT_LENGTH", ""))
    is_more = length.isascii() and length.isdigit() and int(length) > most
    if not is_more or request.path_info == IMPORT:
        return None
    message = f"The form has {int(length):,} bytes; {most:,} are allowed."
    status = http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HttpResponse(message, content_type=PLAIN_TEXT, status=status)


def foreign_host(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to who calls this server by a name that it does not bear."""
    try:
        request.get_host()
    except DisallowedHost:
        host = errors.shown(request.headers.get("Host", ""))
        message = f"The host {host!r} is not served; see the setting ALLOWED_HOSTS."
        return errors.response(
            request, http.HTTPStatus.BAD_REQUEST, message, target="Host"
        )
    return None


def foreign_version(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a client that speaks another OData."""
    for header in ("OData-Version", "OData-MaxVersion"):
        version = request.headers.get(header, "4.0").strip()
        if not VERSION.fullmatch(version) or (
            header == "OData-Version" and version not in SERVED_VERSIONS
        ):
            message = f"{header} {errors.shown(version)!r}: 4.0 and 4.01 are served."
            return errors.response(
                request, http.HTTPStatus.BAD_REQUEST, message, target=header
            )
    return None


def isolated(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a client that wants all pages from one moment.

    Source: OData 4.01 Part 1, section 8.2.4, which says 412.
    """
    for header in ("Isolation", "OData-Isolation"):
        if header in request.headers:
            message = f"{header} is not implemented: a delta tells what changed."
            return errors.response(
                request, http.HTTPStatus.PRECONDITION_FAILED, message, target=header
            )
    return None


def not_understood(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to what would be taken for something else."""
    return foreign_version(request) or isolated(request)


def odata_version(request: HttpRequest) -> str:
    """Return the version of the answer: 4.0 like Graph, 4.01 for who can read it."""
    most = request.headers.get("OData-MaxVersion", "4.0").strip()
    return "4.0" if most == "4.0" or not VERSION.fullmatch(most) else "4.01"


def is_html(response: HttpResponseBase) -> bool:
    return bool(response.get("Content-Type", "").startswith("text/html"))


def in_words(
    request: HttpRequest, page: HttpResponseBase
) -> tuple[http.HTTPStatus, str]:
    """Return status and message for a page of Django's that is to leave as JSON."""
    status = http.HTTPStatus(page.status_code)
    if status == http.HTTPStatus.MOVED_PERMANENTLY and not request.is_secure():
        # A redirected POST would become a GET; a token or a secret went out in clear.
        return http.HTTPStatus.BAD_REQUEST, "Use https: http is refused."
    return status, f"{status.phrase}."


class GraphMiddleware:
    """Gives requests their ids and API responses Graph's headers.

    What a request changes is known to the history by the request's id.

    It stands outside of all that answers, so that an error page that Django or another
    middleware made on an API path (unknown host, wrong path, a crash) leaves as JSON.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A query is UTF-8, whatever charset the Content-Type claims for the body. (The
        # public setter would read the query by the wrong one first.)
        request._encoding = "utf-8"  # type: ignore[attr-defined]
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self._logged(request, str(uuid.uuid4()))
        with recorded(self._door(request), who="") as batch:
            return self._logged(request, str(batch))

    def _logged(self, request: HttpRequest, request_id: str) -> HttpResponseBase:
        began = time.perf_counter()
        with logs.request_lines(request_id, address=client_address(request)):
            response = self._answer(request, request_id)
            logs.answered(request, response, began=began)
        return response

    def _answer(self, request: HttpRequest, request_id: str) -> HttpResponseBase:
        theirs = request.headers.get("client-request-id", "")
        request.graph_request_id = request_id  # type: ignore[attr-defined]
        request.graph_client_request_id = (  # type: ignore[attr-defined]
            theirs if CLIENT_REQUEST_ID.fullmatch(theirs) else request_id
        )
        if self._is_page(request):
            return overlarge(request) or self.get_response(request)
        if self._is_oauth(request):
            return as_oauth(request, self._oauth_answer(request))
        response = self._refusal(request) or self.get_response(request)
        return self._as_graph(request, response)

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        return overlong(request) or foreign_host(request) or not_understood(request)

    def _door(self, request: HttpRequest) -> Door:
        page = PAGES.fullmatch(request.path_info)
        return Door.ADMIN if page and page[1] == "admin" else Door.API

    def _is_page(self, request: HttpRequest) -> bool:
        if request.path_info == "/":  # both a page and a service root
            return wants_page(request)
        return bool(PAGES.fullmatch(request.path_info))

    def _is_oauth(self, request: HttpRequest) -> bool:
        return is_oauth(request)

    def _oauth_answer(self, request: HttpRequest) -> HttpResponseBase:
        if refused := overlong(request) or foreign_host(request):
            return in_oauths_words(request, refused)
        response = self.get_response(request)
        if is_html(response):
            return refused_elsewhere(request, *in_words(request, response))
        return response

    def _as_graph(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if is_html(response):
            response = self._without_html(request, response)
        response["request-id"] = request.graph_request_id  # type: ignore[attr-defined]
        response["client-request-id"] = request.graph_client_request_id  # type: ignore[attr-defined]
        response["OData-Version"] = odata_version(request)
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Authorization"])
        if response.status_code == 204:
            del response["Content-Type"]
        if response.status_code in (204, 304):  # neither may have one (RFC 9110, 8.6)
            del response["Content-Length"]
        return response

    def _without_html(
        self, request: HttpRequest, page: HttpResponseBase
    ) -> HttpResponseBase:
        """Say in JSON what a page of Django's says; its other headers are kept."""
        answer = errors.response(request, *in_words(request, page))
        for name in ("Allow", "WWW-Authenticate"):
            if name in page.headers:
                answer[name] = page.headers[name]
        return answer
