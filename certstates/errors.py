"""The one fire exit: every refusal leaves in Microsoft Graph's error envelope.

Shape (Microsoft REST API Guidelines, "Error condition responses")::

    {"error": {"code": "...", "message": "...", "target": "...",
               "details": [{"code": "...", "message": "...", "target": "..."}],
               "innerError": {"date": "...", "request-id": "...",
                              "client-request-id": "..."}}}
"""

import datetime as dt
import http
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from certstates import logs

logger = logging.getLogger(__name__)

Detail = dict[str, str]


class GraphError(exceptions.APIException):
    """A refusal that knows its status, its code and, where there is one, its target."""

    status_code: int = status.HTTP_400_BAD_REQUEST
    default_code = "BadRequest"
    default_detail = "The request is not valid."

    def __init__(
        self,
        message: str | None = None,
        *,
        target: str | None = None,
        details: list[Detail] | None = None,
    ) -> None:
        super().__init__(message)
        self.target = target
        self.details = details
        self.headers: dict[str, str] = {}


class BadRequest(GraphError):
    pass


class ModelValidationFailure(GraphError):
    """The body is JSON, but not a valid managedAllDeviceCertificateState."""

    default_code = "ModelValidationFailure"
    default_detail = "The object is not valid."


class ResourceNotFound(GraphError):
    status_code = status.HTTP_404_NOT_FOUND
    default_code = "ResourceNotFound"
    default_detail = "No object has this id."


class NotAcceptable(GraphError):
    status_code = status.HTTP_406_NOT_ACCEPTABLE
    default_code = "NotAcceptable"
    default_detail = "Could not satisfy the Accept header: answers are JSON."


class Conflict(GraphError):
    status_code = status.HTTP_409_CONFLICT
    default_code = "Conflict"
    default_detail = "An object with this id already exists; nothing was changed."


class SyncStateNotFound(GraphError):
    """A delta token of another history: the database was restored, or is another."""

    status_code = status.HTTP_410_GONE
    default_code = "SyncStateNotFound"
    default_detail = (
        "The changes since this token are not known here; the database is another or "
        "was restored. Begin again without a token, and drop what was kept."
    )


class PreconditionFailed(GraphError):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "PreconditionFailed"
    default_detail = "The object is not in the state that the request expects."


class RequestEntityTooLarge(GraphError):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "RequestEntityTooLarge"
    default_detail = "The request body is too large."


class FailedDependency(GraphError):
    """An item of a batch that waited for one that failed."""

    status_code = status.HTTP_424_FAILED_DEPENDENCY
    default_code = "FailedDependency"
    default_detail = "A request that this one depends on failed."


class TryAgain(GraphError):
    """Nothing was done; the same request may succeed after ``wait`` whole seconds."""

    def __init__(self, message: str | None = None, *, wait: int = 1) -> None:
        super().__init__(message)
        self.headers["Retry-After"] = str(wait)


class TooManyRequests(TryAgain):
    """A limit is reached."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "TooManyRequests"
    default_detail = "Too many requests. Nothing was done; try again later."


class NotImplementedYet(GraphError):
    """Valid OData that this server does not offer."""

    status_code = status.HTTP_501_NOT_IMPLEMENTED
    default_code = "NotImplemented"
    default_detail = "This is not implemented."


class ServiceUnavailable(TryAgain):
    """What the answer depends on does not answer itself."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "ServiceUnavailable"
    default_detail = "This cannot be answered now; nothing was done."


# The codes for refusals that Django or REST framework make by themselves.
CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "ResourceNotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "SyncStateNotFound",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
    414: "UriTooLong",
    415: "UnsupportedMediaType",
    424: "FailedDependency",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}

NOT_LET_IN = frozenset({"InvalidAuthenticationToken", "Forbidden", "TooManyRequests"})

# The codes inside ``details``, by the code of the field's error.
DETAIL_CODES = {
    "required": "MissingProperty",
    "unknown": "UnknownProperty",
    "null": "NullNotAllowed",
    "invalid_type": "TypeMismatch",
    "not_updatable": "PropertyNotUpdatable",
}
INVALID_VALUE = "InvalidValue"
CRASHED = "Something went wrong on the server. The request-id finds it in the log."
MOST_DETAILS = 100  # a body of a million faults does not earn a larger answer


def shown(text: str) -> str:
    """Return what a client sent, fit for an answer: valid Unicode, and not endless."""
    return text[:128].encode("utf-8", "backslashreplace").decode()


def envelope(
    request: HttpRequest,
    code: str,
    message: str,
    *,
    target: str | None = None,
    details: list[Detail] | None = None,
) -> dict[str, Any]:
    """Return the body of an error. ``innerError.date`` is UTC, without zone letter.

    The line of the request names the code too, and why somebody did not get in; other
    messages may repeat what was sent.
    """
    reason = {"refused": message} if code in NOT_LET_IN else {}
    logs.note(error=code, **reason)
    error: dict[str, Any] = {"code": code, "message": message}
    if target:
        error["target"] = shown(target)
    if details:
        error["details"] = details[:MOST_DETAILS]
    error["innerError"] = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request.graph_request_id,  # type: ignore[attr-defined]
        "client-request-id": request.graph_client_request_id,  # type: ignore[attr-defined]
    }
    return {"error": error}


def response(
    request: HttpRequest, status_code: int, message: str, *, target: str | None = None
) -> HttpResponse:
    """Return an error outside REST framework: unknown paths, refusals by Django."""
    code = CODES.get(status_code, http.HTTPStatus(status_code).name.title())
    body = orjson.dumps(envelope(request, code, message, target=target))
    return HttpResponse(body, status=status_code, content_type="application/json")


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer for every exception of a view (REST framework's EXCEPTION_HANDLER).

    What is not a refusal is a bug: it is logged with its traceback, and the answer
    says nothing of it but its request-id.
    """
    request = context["request"]._request
    if isinstance(error, Http404):
        error = ResourceNotFound()
    if isinstance(error, SuspiciousOperation):
        error = BadRequest(f"{type(error).__name__}: {error}")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.UnsupportedMediaType):
        found = str(error.detail)
        if '""' in found:  # what a server cannot read, it hands on as empty
            found = "The Content-Type is missing, or is not to be read."
        words = f"{found} A body must be application/json in UTF-8."
        error.detail = exceptions.ErrorDetail(words)
    if not isinstance(error, exceptions.APIException):
        logger.error("request-id %s failed", request.graph_request_id, exc_info=error)
        error = exceptions.APIException(CRASHED)
    return _refusal(request, error)


def _refusal(request: HttpRequest, error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        error = validation_failure(error.detail)
    code = CODES.get(error.status_code, CODES[400])
    target = details = None
    if isinstance(error, GraphError):
        code, target, details = error.default_code, error.target, error.details
    body = envelope(request, code, str(error.detail), target=target, details=details)
    challenge = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    headers |= getattr(error, "headers", {})
    return Response(body, error.status_code, headers=headers)


def validation_failure(found: Any) -> ModelValidationFailure:
    """Return one refusal that names every property at fault, in wire names."""
    details = list(_details(found))
    names = [*dict.fromkeys(detail["target"] for detail in details)]
    if len(names) == 1:
        message = f"{names[0]}: {details[0]['message']}"
        return ModelValidationFailure(message, target=names[0], details=details)
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return ModelValidationFailure(
        f"{len(names)} properties are not valid: {listed}.", details=details
    )


def _details(found: Mapping[str, Any]) -> Iterator[Detail]:
    for target, problems in found.items():
        for problem in problems:
            code = DETAIL_CODES.get(getattr(problem, "code", ""), INVALID_VALUE)
            yield {"code": code, "message": str(problem), "target": shown(target)}
