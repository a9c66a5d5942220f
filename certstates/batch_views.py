"""``$batch``: up to 20 requests in one, each answered as if it had come alone."""

from functools import partial
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certstates import errors
from certstates.addresses import root_of
from certstates.headers import refuse_method_override
from certstates.middleware import GraphMiddleware, not_understood
from certstates.odata.batch import Item, parse_batch
from certstates.odata.batch_item import (
    address_variables,
    answer,
    bare_environ,
    body_variables,
    header_variables,
)
from certstates.odata.formats import negotiate
from certstates.odata.options import parse_options
from certstates.permissions import HasEitherGraphScope
from certstates.views import unknown_segment


class BatchView(APIView):
    """Runs the items in their order, with the rights of the batch's own token.

    There is no atomicity: what one item wrote stays, whatever becomes of the next.
    """

    http_method_names = ["post"]
    permission_classes = [HasEitherGraphScope]
    throttle_classes = []  # each item counts by itself
    offered = {"post": frozenset({"format"})}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_method_override(request)

    def post(self, request: Request, root: str) -> Response:
        options = parse_options(request, offered=self.offered["post"])
        negotiate(request, options.format)
        failed: set[str] = set()
        answers = []
        for item in parse_batch(request.data):
            response = self._respond(item, root, failed)
            if response.status_code >= 400:
                failed.add(item.id)
            if response.status_code >= 500:
                replace_lost_connection()
            answers.append(answer(item.id, response))
        return Response({"responses": answers})

    def _respond(self, item: Item, root: str, failed: set[str]) -> HttpResponseBase:
        environ = bare_environ(self.request._request, item.method)
        respond = call_view
        try:
            environ |= header_variables(item)
            refuse_dependent(item, failed)
            environ |= address_variables(item, self.request._request, root)
            environ |= body_variables(item)
        except errors.GraphError as refused:
            respond = partial(refuse, error=refused)
        request = WSGIRequest(environ)
        # REST framework takes these for the outcome of authentication; the database
        # was asked once, by the batch.
        request._force_auth_user = self.request.user  # type: ignore[attr-defined]
        request._force_auth_token = self.request.auth  # type: ignore[attr-defined]
        handler = convert_exception_to_response(respond)
        return ItemMiddleware(handler)(request)  # type: ignore[arg-type]


class ItemMiddleware(GraphMiddleware):
    """Gives an item the ids and headers that it would have on the wire."""

    def _is_page(self, request: HttpRequest) -> bool:
        return False

    def _is_oauth(self, request: HttpRequest) -> bool:
        return False  # there is no such route in a batch

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Let an address be long: that is what some clients make a batch for."""
        return not_understood(request)


def replace_lost_connection() -> None:
    """Let the next item connect anew, as a request of its own would."""
    if not connection.in_atomic_block:
        close_old_connections()


def refuse_dependent(item: Item, failed: set[str]) -> None:
    for id in item.depends_on:
        if id in failed:
            raise errors.FailedDependency(
                f"This request was not run: {errors.shown(id)!r}, which it depends on, "
                "failed."
            )


def refuse(request: HttpRequest, *, error: errors.GraphError) -> HttpResponseBase:
    return errors.response(
        request, error.status_code, str(error.detail), target=error.target
    )


def call_view(request: HttpRequest) -> HttpResponseBase:
    """Answer by a view of the API. Nothing else of the site can be reached."""
    root = root_of(request.path_info[1:])
    try:
        match = resolve(f"/{request.path_info[1 + len(root) :]}", "certstates.urls")
    except Resolver404:
        return unknown_segment(request)
    if match.url_name == "batch":
        nested = errors.BadRequest("A batch cannot hold another batch.")
        return refuse(request, error=nested)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, root=root, **match.kwargs)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response
