"""The description of the API, for programs and for people; everyone may read it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from certstates.policy import without_forms


def etag_of_document(request: HttpRequest) -> str:
    # Here, and not above: it takes half a second that no start need wait for.
    from certstates.openapi.document import document

    return document().etag


@require_safe
@cache_control(no_cache=True)  # asked for again, and mostly answered with 304
@condition(etag_func=etag_of_document)
def openapi(request: HttpRequest) -> HttpResponse:
    from certstates.openapi.document import document

    return HttpResponse(document().body, content_type="application/json")


@require_safe
@without_forms
def interactive(request: HttpRequest) -> HttpResponse:
    return render(request, "api.html")
