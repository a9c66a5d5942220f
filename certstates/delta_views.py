"""Change tracking: ``delta``, a function bound to the collection."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from certstates.addresses import COLLECTION, ServiceRoot
from certstates.errors import SyncStateNotFound
from certstates.models import RemovedState
from certstates.odata.delta import DeltaPage, Item
from certstates.odata.options import parse_options
from certstates.serializers import CertificateStateSerializer
from certstates.views import CertificateStateViewSet


class DeltaViewSet(CertificateStateViewSet):
    delta_options = frozenset({"top", "skiptoken", "deltatoken"})

    def delta(self, request: Request, root: str) -> Response:
        options = parse_options(request.query_params, offered=self.delta_options)
        service = ServiceRoot.of(request, root)
        try:
            page = DeltaPage.of(options)
        except SyncStateNotFound as gone:
            gone.headers = {"Location": service.delta}
            raise
        serializer = CertificateStateSerializer()
        return Response(
            {
                "@odata.context": service.context(f"{COLLECTION}/$delta"),
                page.link_name: page.link(service.delta, request.query_params),
                "value": [_shown(item, serializer) for item in page.items],
            }
        )


def _shown(item: Item, serializer: CertificateStateSerializer) -> dict[str, Any]:
    """Return a record as lists have it, or what is left of a removed one.

    Source: OData JSON Format 4.01, section 15.3.
    """
    if isinstance(item, RemovedState):
        return {"id": item.id, "@removed": {"reason": "deleted"}}
    return serializer.to_representation(item)
