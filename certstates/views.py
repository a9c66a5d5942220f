"""The collection, its items, and an answer for every other path."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from certstates import errors
from certstates.addresses import COLLECTION, ServiceRoot
from certstates.headers import refuse_method_override
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
)
from certstates.odata import properties
from certstates.odata.conditions import (
    check_match,
    check_write,
    etag_of,
    is_unchanged,
)
from certstates.odata.filtering import matching
from certstates.odata.formats import Format, negotiate
from certstates.odata.options import PAGE_SIZE, Options, parse_options
from certstates.odata.ordering import parse_ordering
from certstates.odata.paging import Page, computable, next_link
from certstates.odata.preferences import Preferences
from certstates.odata.representation import Representation
from certstates.serializers import CertificateStateSerializer

NO_OPTIONS: frozenset[str] = frozenset()


class CertificateStateViewSet(ViewSet):
    """Graph's operations on the collection and on one record.

    ``root`` is the service root that the request came by (``beta/``, ``v1.0/`` or
    nothing); every address in an answer begins with it.
    """

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    record_options = frozenset({"select", "expand", "format"})
    list_options = record_options | {
        "count",
        "filter",
        "orderby",
        "search",
        "skip",
        "skiptoken",
        "top",
    }
    # The last four change nothing in a count (OData 4.01 Part 2, section 4.8).
    count_options = frozenset({"filter", "search", "expand", "orderby", "skip", "top"})
    offered = {
        "list": list_options,
        "create": record_options,
        "retrieve": record_options,
        "partial_update": record_options,
        "count": count_options,
        "retrieve_property": frozenset({"format"}),
    }
    # Answered as text, whatever JSON a client would accept besides.
    as_text = frozenset({"count", "retrieve_value"})

    query: Options
    format: Format
    prefer: Preferences

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if (quoted_id := kwargs.pop("quoted_id", None)) is not None:
            kwargs["id"] = quoted_id.replace("''", "'")
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_method_override(request)
        self.prefer = Preferences.of(request.headers.get("Prefer", ""))
        self.format = Format()
        if self.action in (None, "metadata"):
            return  # not allowed, or OPTIONS: whatever the query says
        if "id" not in kwargs:
            check_match(request.headers, None)
        offered = self.offered.get(self.action, NO_OPTIONS)
        self.query = parse_options(request, offered=offered)
        if self.action not in self.as_text:
            self.format = negotiate(request, self.query.format)

    def list(self, request: Request, root: str) -> Response:
        ordering = parse_ordering(self.query.orderby, self.query.aliases)
        shape = self.representation(root)
        found = matching(self.records(), self.query)
        page = Page.of(
            found,
            ordering,
            self.query,
            columns=shape.columns,
            size=self.page_size,
        )
        with computable():
            count = found.count() if self.query.count else None
        link = None
        if page.skiptoken:
            link = next_link(
                shape.service.collection,
                request.query_params,
                top=self.link_size,
                skiptoken=page.skiptoken,
            )
        return Response(
            shape.page(page.rows, count=count, nextLink=link),
            headers=self.prefer.applied_to_list(),
        )

    def count(self, request: Request, root: str) -> HttpResponse:
        # An order cannot change the number, but one that makes no sense is refused.
        parse_ordering(self.query.orderby, self.query.aliases)
        with computable():
            count = matching(self.records(), self.query).count()
        return text_response(str(count))

    def create(self, request: Request, root: str) -> Response:
        serializer = CertificateStateSerializer(data=self.body(request))
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        location = ServiceRoot.of(request, root).record(record.id)
        headers = {"Location": location}
        if self.prefer.wants_nothing_back:
            headers["OData-EntityId"] = location
        return self.written(root, record, status.HTTP_201_CREATED, headers)

    def retrieve(self, request: Request, root: str, id: str) -> Response:
        record = self.get_record(self.records(), id)
        check_match(request.headers, record.version)
        headers = {"ETag": etag_of(record.version)}
        if is_unchanged(request.headers, record.version):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(self.representation(root).entity(record), headers=headers)

    def partial_update(self, request: Request, root: str, id: str) -> Response:
        body = self.body(request)
        with transaction.atomic():
            # The lock makes "did the status change?" a question with one answer.
            record = self.get_record(self.records().select_for_update(), id)
            check_write(request.headers, record.version)
            serializer = CertificateStateSerializer(record, data=body, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return self.written(root, record, status.HTTP_200_OK, {})

    def destroy(self, request: Request, root: str, id: str) -> Response:
        with transaction.atomic():
            record = self.get_record(self.records().select_for_update(), id)
            check_write(request.headers, record.version)
            record.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def retrieve_property(
        self, request: Request, root: str, id: str, name: str
    ) -> Response:
        found = self.get_property(request, name)
        value = self.get_value(id, found)
        if value is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        shape = self.representation(root)
        return Response(shape.single_property(id, found.name, value))

    def retrieve_value(
        self, request: Request, root: str, id: str, name: str
    ) -> Response | HttpResponse:
        found = self.get_property(request, name)
        value = self.get_value(id, found)
        if value is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        fields = CertificateStateSerializer.edm_fields()
        return text_response(str(fields[found.name].to_representation(value)))

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT)

    def records(self) -> CertificateStateQuerySet:
        return ManagedAllDeviceCertificateState.objects.all()

    @staticmethod
    def get_record(
        queryset: CertificateStateQuerySet, id: str
    ) -> ManagedAllDeviceCertificateState:
        record = queryset.filter(pk=id).first()
        if record is None:
            raise not_found(id)
        return record

    @staticmethod
    def get_property(request: Request, name: str) -> properties.Property:
        found = properties.find(name)
        if found is None:
            raise errors.BadRequest(no_resource(request._request))
        return found

    def get_value(self, id: str, found: properties.Property) -> Any:
        """Return the property's value; it has the version of its record."""
        # nosemgrep: orm-names -- a property that the gate knows
        row = self.records().filter(pk=id).values_list(found.field, "version").first()
        if row is None:
            raise not_found(id)
        value, version = row
        check_match(self.request.headers, version)
        return value

    @staticmethod
    def body(request: Request) -> dict[str, Any]:
        if request.stream is None:
            raise errors.BadRequest("The request body is empty; expected an object.")
        if not isinstance(request.data, dict):
            raise errors.BadRequest("The request body must be a JSON object.")
        return request.data

    @property
    def page_size(self) -> int:
        """Return the smaller one of ``$top`` and the preferred size."""
        return min(self.query.top or PAGE_SIZE, self.prefer.page_size or PAGE_SIZE)

    @property
    def link_size(self) -> int | None:
        """Return what a link must say of a page size that came by a header."""
        return self.page_size if self.prefer.page_size else None

    def representation(self, root: str) -> Representation:
        service = ServiceRoot.of(self.request, root)
        return Representation(service, self.format, self.query.select)

    def written(
        self,
        root: str,
        record: ManagedAllDeviceCertificateState,
        status_code: int,
        headers: dict[str, str],
    ) -> Response:
        """Return the record as it is now, or nothing if the client prefers that."""
        headers = {
            **headers,
            **self.prefer.applied_to_write(),
            "ETag": etag_of(record.version),
        }
        if self.prefer.wants_nothing_back:
            return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)
        body = self.representation(root).entity(record)
        return Response(body, status_code, headers=headers)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        if isinstance(response, Response) and response.status_code < 300:
            response.content_type = self.format.content_type
        return response


def not_found(id: str) -> errors.ResourceNotFound:
    return errors.ResourceNotFound(f"No object has the id {errors.shown(id)!r}.")


def text_response(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain;charset=utf-8")


def no_resource(request: HttpRequest) -> str:
    return (
        f"There is no resource at {request.path[:200]!r}; "
        f"the collection is at /beta/{COLLECTION}."
    )


@csrf_exempt
def segment_not_offered(
    request: HttpRequest, segment: str, **kwargs: Any
) -> HttpResponse:
    """Answer for segments such as ``$ref``, a type or a function: they are no ids."""
    return errors.response(
        request,
        status.HTTP_501_NOT_IMPLEMENTED,
        f"The segment {errors.shown(segment)!r} is not implemented.",
        target=errors.shown(segment),
    )


@csrf_exempt
def unknown_segment(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answer, as Graph does, 400 where no path below the root has this form."""
    return errors.response(request, status.HTTP_400_BAD_REQUEST, no_resource(request))
