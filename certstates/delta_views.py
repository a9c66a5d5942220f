"""Change tracking: ``delta``, a function bound to the collection."""

from dataclasses import replace
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from certstates.errors import SyncStateNotFound
from certstates.models import RemovedState
from certstates.odata.delta import DeltaPage, Item
from certstates.odata.paging import next_link
from certstates.odata.representation import Representation
from certstates.views import CertificateStateViewSet


class DeltaViewSet(CertificateStateViewSet):
    delta_options = frozenset(
        {"deltatoken", "expand", "format", "select", "skiptoken", "top"}
    )
    offered = {"delta": delta_options}

    def delta(self, request: Request, root: str) -> Response:
        shape = self.representation(root)
        try:
            page = DeltaPage.of(self.query, size=self.page_size)
        except SyncStateNotFound as gone:
            gone.headers = {"Location": shape.service.delta}
            raise
        link = next_link(
            shape.service.delta,
            request.query_params,
            top=self.link_size,
            **page.token,
        )
        body = shape.page(
            (),
            suffix="/$delta",
            **{"nextLink" if page.skiptoken else "deltaLink": link},
        )
        body["value"] = [represented(item, shape) for item in page.items]
        return Response(body, headers=self.prefer.applied_to_list())

    def representation(self, root: str) -> Representation:
        """Return the shape of the answer: a change without an id tells nothing."""
        shape = super().representation(root)
        if shape.select is None or "id" in shape.select:
            return shape
        return replace(shape, select=("id", *shape.select))


def represented(item: Item, shape: Representation) -> dict[str, Any]:
    """Return a record as lists have it, or what is left of a removed one.

    Source: OData JSON Format 4.01, section 15.3.
    """
    if isinstance(item, RemovedState):
        return {"id": item.id, "@removed": {"reason": "deleted"}}
    return shape.item([getattr(item, name) for name in shape.columns])
