"""What a service says of itself: its document, its metadata and its singleton."""

import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certstates.addresses import SINGLETON, ServiceRoot
from certstates.headers import refuse_method_override
from certstates.negotiation import JSON, XML, chosen_format
from certstates.odata.batch import MOST_ITEMS
from certstates.odata.capabilities import Capabilities
from certstates.odata.csdl import Document
from certstates.odata.formats import LEVELS, Format, negotiate
from certstates.odata.functions import FUNCTIONS
from certstates.odata.metadata import (
    NAMESPACE,
    as_xml,
    model_document,
    required_properties,
)
from certstates.odata.options import parse_options
from certstates.views import CertificateStateViewSet

# Graph's is made of the tenant's; there is one here, and it needs no name. A fixed one
# keeps the entity the same on every server and at every start.
SINGLETON_ID = str(uuid.UUID(int=0))

METADATA_FORMATS: Mapping[str, Callable[[Document], bytes]] = {
    XML: lambda document: as_xml(document).encode(),
    JSON: lambda document: orjson.dumps(document.json),
}


def capabilities() -> Capabilities:
    """Return what this server offers: here metadata and code are connected."""
    return Capabilities(
        methods=frozenset(
            method.upper() for method in CertificateStateViewSet.http_method_names
        ),
        options=CertificateStateViewSet.list_options,
        write_options=CertificateStateViewSet.record_options,
        required=required_properties(),
        filter_functions=tuple(FUNCTIONS),
        unsupported_search=(),
        delta=True,
        max_batch_size=MOST_ITEMS,
        formats=tuple(Format(level).content_type for level in LEVELS),
        metadata_formats=tuple(METADATA_FORMATS),
    )


@functools.cache  # everyone may ask, and rendering costs some 10 ms
def model_in(media_type: str, offered: Capabilities) -> bytes:
    return METADATA_FORMATS[media_type](model_document(offered))


class ServiceView(APIView):
    """A resource that can only be read."""

    http_method_names = ["get", "head", "options"]
    offered = {"get": frozenset({"format"})}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_method_override(request)

    def format_option(self) -> str | None:
        """Return ``$format``; refuse what the query asks beyond it."""
        return parse_options(self.request, offered=self.offered["get"]).format

    def answer(self, context: str, body: dict[str, Any]) -> Response:
        """Return JSON with as much control information as the client asks for."""
        found = negotiate(self.request, self.format_option())
        control = {"@odata.context": context}
        if found.level == "none":
            control = {}
            body = {name: value for name, value in body.items() if name[0] != "@"}
        return Response({**control, **body}, content_type=found.content_type)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT)


class OpenServiceView(ServiceView):
    """For everyone: a client reads these before it knows how to get a token."""

    authentication_classes = []
    permission_classes = []


class MetadataView(OpenServiceView):
    def get(self, request: Request, root: str) -> HttpResponse:
        media_type = chosen_format(request, self.format_option(), [*METADATA_FORMATS])
        return HttpResponse(
            model_in(media_type, capabilities()),
            content_type=f"{media_type};charset=utf-8",
        )


class ServiceDocumentView(OpenServiceView):
    def get(self, request: Request, root: str) -> Response:
        singleton = {"name": SINGLETON, "kind": "Singleton", "url": SINGLETON}
        context = ServiceRoot.of(request, root).context()
        return self.answer(context, {"value": [singleton]})


class DeviceManagementView(ServiceView):
    """The singleton; its collection has routes of its own and is found by its name."""

    def get(self, request: Request, root: str) -> Response:
        context = ServiceRoot.of(request, root).context(f"{SINGLETON}/$entity")
        entity = {"@odata.type": f"#{NAMESPACE}.{SINGLETON}", "id": SINGLETON_ID}
        return self.answer(context, entity)


metadata = MetadataView.as_view()
service_document = ServiceDocumentView.as_view()
device_management = DeviceManagementView.as_view()
