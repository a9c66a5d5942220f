"""Faults: what they are called, and what they make of an answer.

A fault is a kind and its parameters, separated by semicolons::

    429; retry-after=3
    503; after
    latency; seconds=2.5
    truncate; bytes=100
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from certstates import errors
from certstates.testbench import links

LONGEST_WAIT = 3600
LONGEST_LATENCY = 60
FLUSHING = 0.25  # seconds

Respond = Callable[[HttpRequest], HttpResponseBase]

# What the kinds of an error say: neither that something was done, nor that it was not.
ERRORS = {
    "401": (
        "InvalidAuthenticationToken",
        "The access token is malformed, unknown, expired or revoked.",
    ),
    "429": ("TooManyRequests", "Too many requests; try again later."),
    "500": ("InternalServerError", errors.CRASHED),
    "502": ("BadGateway", "The gateway got no valid answer."),
    "503": ("ServiceUnavailable", "The service is not available; try again later."),
    "504": ("GatewayTimeout", "The gateway got no answer in time."),
    "507": ("InsufficientStorage", "There is no room left for this."),
}
PARAMETERS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(ERRORS, frozenset({"after"})),
    "429": frozenset({"after", "retry-after"}),
    "503": frozenset({"after", "retry-after"}),
    "latency": frozenset({"after", "seconds"}),
    "truncate": frozenset({"bytes"}),
    "expired-link": frozenset(),
    "empty-page": frozenset(),
    "repeated-page": frozenset(),
}


@dataclass(frozen=True)
class Fault:
    """One fault; ``after`` does the work first, and loses only the answer."""

    kind: str
    after: bool = False
    retry_after: int | None = None
    seconds: float = 0
    bytes: int | None = None

    @classmethod
    def parse(cls, text: str, *, target: str) -> Self:
        """Return the fault that is meant, or raise BadRequest with what is wrong."""
        kind, *rest = (part.strip() for part in text.split(";"))
        if kind not in PARAMETERS:
            raise errors.BadRequest(
                f"There is no fault {errors.shown(kind)!r}; there are "
                f"{', '.join(PARAMETERS)}.",
                target=target,
            )
        found: dict[str, Any] = {}
        for part in rest:
            name, _, value = part.partition("=")
            _refuse_parameter(name, kind, found, target)
            found[name] = _read(name, value if "=" in part else None, target)
        if kind == "latency" and "seconds" not in found:
            raise errors.BadRequest("latency needs seconds=…", target=target)
        values = {name.replace("-", "_"): value for name, value in found.items()}
        return cls(kind, **values)

    def fits(self, request: HttpRequest) -> bool:
        """Say whether the fault can befall this request at all."""
        return self.kind != "expired-link" or links.has_token(request)

    def befall(self, request: HttpRequest, respond: Respond) -> HttpResponseBase:
        """Answer a request, as far as it is answered, in the way of this fault."""
        if self.kind in ERRORS:
            if self.after:
                respond(request)
            return self._error(request)
        if self.kind == "expired-link":
            return links.expired(request)
        if self.kind == "latency" and not self.after:
            time.sleep(self.seconds)
        response = respond(request)
        if self.kind == "latency" and self.after:
            time.sleep(self.seconds)
        if self.kind == "truncate":
            return truncated(request, response, most=self.bytes)
        if self.kind in ("empty-page", "repeated-page"):
            return links.leading_back(request, response, keep=self.kind[0] == "r")
        return response

    def _error(self, request: HttpRequest) -> HttpResponse:
        code, message = ERRORS[self.kind]
        body = orjson.dumps(errors.envelope(request, code, message))
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.kind == "401":
            headers["WWW-Authenticate"] = (
                'Bearer realm="certstates", error="invalid_token"'
            )
        return HttpResponse(
            body,
            status=int(self.kind),
            content_type="application/json",
            headers=headers,
        )


def _refuse_parameter(
    name: str, kind: str, found: Mapping[str, Any], target: str
) -> None:
    if name not in PARAMETERS[kind]:
        known = ", ".join(sorted(PARAMETERS[kind])) or "none"
        raise errors.BadRequest(
            f"{kind} has no parameter {errors.shown(name)!r}; it has {known}.",
            target=target,
        )
    if name in found:
        raise errors.BadRequest(f"The parameter {name} occurs twice.", target=target)


def _read(name: str, value: str | None, target: str) -> bool | int | float:
    """Return the value of a parameter, or raise BadRequest."""
    if name == "after":
        if value is not None:
            raise errors.BadRequest("after has no value.", target=target)
        return True
    most = {"retry-after": LONGEST_WAIT, "seconds": LONGEST_LATENCY}.get(name)
    pattern = r"\d{1,9}(\.\d{1,6})?" if name == "seconds" else r"\d{1,9}"
    is_number = value is not None and re.fullmatch(pattern, value, re.ASCII)
    number = float(value or 0) if is_number else -1
    if number < 0 or (most is not None and number > most):
        limit = f" of at most {most}" if most else ""
        kind = "a number" if name == "seconds" else "a whole number"
        raise errors.BadRequest(f"{name} must be {kind}{limit}.", target=target)
    return number if name == "seconds" else int(number)


def truncated(
    request: HttpRequest, response: HttpResponseBase, *, most: int | None
) -> HttpResponseBase:
    """Return an answer that promises its whole body and ends before.

    The server, which finds out when the promise is sent, can but close the connection.
    """
    body = response.content if isinstance(response, HttpResponse) else b""
    kept = body[: len(body) // 2 if most is None else most]
    if request.method == "HEAD" or len(kept) == len(body):
        return response
    cut = StreamingHttpResponse(
        broken_off(kept), status=response.status_code, headers=response.headers
    )
    cut["Content-Length"] = str(len(body))
    return cut


def broken_off(kept: bytes) -> Iterator[bytes]:
    """Yield the bytes, and end only when the server has had time to send them.

    It drops what it still holds as soon as it learns that the rest does not come.
    """
    yield kept
    time.sleep(FLUSHING)
