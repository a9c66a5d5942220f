"""The collection, its items, and an answer for every other path."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from certstates import errors
from certstates.addresses import COLLECTION, ServiceRoot
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
)
from certstates.odata.options import Options, parse_options
from certstates.odata.paging import Page, next_link
from certstates.renderers import ODATA_JSON
from certstates.serializers import CertificateStateSerializer


class CertificateStateViewSet(ViewSet):
    """Graph's operations on the collection and on one record.

    ``root`` is the service root that the request came by (``beta/``, ``v1.0/`` or
    nothing); every address in an answer begins with it.
    """

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    record_options: frozenset[str] = frozenset()
    list_options = frozenset({"top", "skiptoken"})

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if (quoted_id := kwargs.pop("quoted_id", None)) is not None:
            kwargs["id"] = quoted_id.replace("''", "'")
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            if header in request.headers:
                raise MethodNotAllowed(request.headers[header])

    def list(self, request: Request, root: str) -> Response:
        options = self.options_of(request, self.list_options)
        page = Page.of(self.records(), options)
        service = ServiceRoot.of(request, root)
        body = {"@odata.context": service.context(COLLECTION)}
        if page.skiptoken:
            body["@odata.nextLink"] = next_link(
                service.collection, request.query_params, page.skiptoken
            )
        many = CertificateStateSerializer(page.records, many=True)
        return Response({**body, "value": many.data})

    def create(self, request: Request, root: str) -> Response:
        self.options_of(request, self.record_options)
        serializer = CertificateStateSerializer(data=self.body(request))
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        return Response(
            self.entity(root, serializer),
            status=status.HTTP_201_CREATED,
            headers={"Location": ServiceRoot.of(request, root).record(record.id)},
        )

    def retrieve(self, request: Request, root: str, id: str) -> Response:
        self.options_of(request, self.record_options)
        record = self.get_record(self.records(), id)
        return Response(self.entity(root, CertificateStateSerializer(record)))

    def partial_update(self, request: Request, root: str, id: str) -> Response:
        self.options_of(request, self.record_options)
        body = self.body(request)
        with transaction.atomic():
            # The lock makes "did the status change?" a question with one answer.
            record = self.get_record(self.records().select_for_update(), id)
            serializer = CertificateStateSerializer(record, data=body, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response(self.entity(root, serializer))

    def destroy(self, request: Request, root: str, id: str) -> Response:
        self.options_of(request, self.record_options)
        deleted, _ = self.records().filter(pk=id).delete()
        if not deleted:
            raise errors.ResourceNotFound
        return Response(status=status.HTTP_204_NO_CONTENT)

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
            raise errors.ResourceNotFound
        return record

    @staticmethod
    def options_of(request: Request, offered: frozenset[str]) -> Options:
        return parse_options(request.query_params, offered=offered)

    @staticmethod
    def body(request: Request) -> dict[str, Any]:
        if request.stream is None:
            raise errors.BadRequest("The request body is empty; expected an object.")
        if not isinstance(request.data, dict):
            raise errors.BadRequest("The request body must be a JSON object.")
        return request.data

    def entity(
        self, root: str, serializer: CertificateStateSerializer
    ) -> dict[str, Any]:
        return {
            "@odata.context": ServiceRoot.of(self.request, root).context(
                f"{COLLECTION}/$entity"
            ),
            "@odata.type": f"#{serializer.Meta.type_name}",
            **serializer.data,
        }

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        if response.status_code < status.HTTP_300_MULTIPLE_CHOICES:
            response.content_type = ODATA_JSON
        return response


@csrf_exempt
def unknown_segment(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answer, as Graph does, 400 where no path below the root has this form."""
    return errors.response(
        request,
        status.HTTP_400_BAD_REQUEST,
        f"There is no resource at {request.path[:200]!r}; "
        f"the collection is at /beta/{COLLECTION}.",
    )
