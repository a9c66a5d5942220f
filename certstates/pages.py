"""The two pages for people who have just arrived."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from certstates.addresses import COLLECTION, public_url
from certstates.errors import CODES
from certstates.examples import curl_create
from certstates.models import RevocationStatus
from certstates.permissions import READ, READ_WRITE


@csrf_exempt  # its address is a service root too, whose refusals are 405
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html", {"collection": COLLECTION})


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    server = public_url(request).rstrip("/")
    return render(
        request,
        "docs.html",
        {
            "collection": COLLECTION,
            "all_required": settings.CREATE_REQUIRES == "documented",
            "codes": CODES,
            "curl": curl_create(server, "$TOKEN"),
            "read": READ,
            "read_write": READ_WRITE,
            "statuses": list(RevocationStatus),
        },
    )
