"""The two pages for people who have just arrived."""

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
from certstates.policy import without_forms
from certstates.service_views import service_document
from certstates.views import CertificateStateViewSet


@csrf_exempt  # its address is a service root too, whose refusals are 405
@vary_on_headers("Accept")
@without_forms
def landing(request: HttpRequest) -> HttpResponseBase:
    """Show the page, or the service document to who prefers JSON."""
    if not wants_page(request):
        return service_document(request, root="")
    return render(request, "landing.html", {"collection": COLLECTION})


def no_page(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """Answer below /docs/ as a site does: the API's words would mislead there."""
    raise Http404


@require_safe
@without_forms
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
