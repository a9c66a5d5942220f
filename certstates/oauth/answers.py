"""The answers of the token endpoint: OAuth's JSON, and never Graph's.

Source: RFC 6749, sections 5.1 and 5.2. ``correlation_id``, ``trace_id`` and
``timestamp`` are what Microsoft's libraries quote in their own messages.
"""

import http
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

CHALLENGE = 'Basic realm="certstates", charset="UTF-8"'


def answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = HttpResponse(orjson.dumps(body), "application/json", status)
    if status == http.HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def refusal(
    request: HttpRequest, error: str, description: str, *, status: int = 400
) -> HttpResponse:
    moment = timezone.now().strftime("%Y-%m-%d %H:%M:%SZ")
    body = {
        "error": error,
        "error_description": description,
        "timestamp": moment,
        "trace_id": request.graph_request_id,  # type: ignore[attr-defined]
        "correlation_id": request.graph_client_request_id,  # type: ignore[attr-defined]
    }
    return answer(body, status=status)


def refused_elsewhere(request: HttpRequest, status: int, words: str) -> HttpResponse:
    """Return OAuth's refusal for what the endpoint itself has not answered."""
    error = "invalid_request" if status < 500 else "server_error"
    return refusal(request, error, words, status=status)


def in_oauths_words(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """Return Graph's refusal of an address or a host as OAuth says it."""
    words = orjson.loads(refused.content)["error"]["message"]
    return refused_elsewhere(request, refused.status_code, words)


def as_oauth(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return an answer with the headers that all of them have."""
    response["request-id"] = request.graph_request_id  # type: ignore[attr-defined]
    response["client-request-id"] = request.graph_client_request_id  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
