"""The two pages for people who have just arrived."""

import functools
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from certstates.addresses import COLLECTION, public_url
from certstates.errors import CODES
from certstates.examples import curl_create, curl_expiring
from certstates.models import RevocationStatus
from certstates.negotiation import wants_page
from certstates.odata.batch import MOST_ITEMS
from certstates.permissions import READ, READ_WRITE
from certstates.service_views import service_document
from certstates.views import CertificateStateViewSet

Page = Callable[[HttpRequest], HttpResponse]

# Nothing comes from elsewhere, nothing is sent elsewhere, nobody frames the page.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Swagger UI's style sheet holds its icons
        "connect-src 'self'",  # the description, and requests that are tried out
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def self_contained(page: Page) -> Page:
    """Let a page load what this server has, and nothing else."""

    @functools.wraps(page)
    def guarded(request: HttpRequest) -> HttpResponse:
        response = page(request)
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return guarded


@csrf_exempt  # its address is a service root too, whose refusals are 405
@vary_on_headers("Accept")
def landing(request: HttpRequest) -> HttpResponseBase:
    """Show the page, or the service document to who prefers JSON."""
    if not wants_page(request):
        return service_document(request, root="")
    return render(request, "landing.html", {"collection": COLLECTION})


def no_page(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """Answer below /docs/ as a site does: the API's words would mislead there."""
    raise Http404


@require_safe
@self_contained
def docs(request: HttpRequest) -> HttpResponse:
    server = public_url(request).rstrip("/")
    return render(
        request,
        "docs.html",
        {
            "collection": COLLECTION,
            "all_required": settings.CREATE_REQUIRES == "documented",
            "codes": CODES,
            "list_options": sorted(CertificateStateViewSet.list_options),
            "most_items": MOST_ITEMS,
            "question": curl_expiring(server, "$TOKEN"),
            "curl": curl_create(server, "$TOKEN"),
            "read": READ,
            "read_write": READ_WRITE,
            "statuses": list(RevocationStatus),
        },
    )
