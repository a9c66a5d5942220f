"""The routes below a service root. Segments are compared in any case, as Graph does."""

import re

from django.urls import re_path

from certstates.addresses import COLLECTION, DELTA
from certstates.delta_views import DeltaViewSet
from certstates.views import CertificateStateViewSet

collection = CertificateStateViewSet.as_view({"get": "list", "post": "create"})
record = CertificateStateViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
)
delta = DeltaViewSet.as_view({"get": "delta"})


def any_case(text: str) -> str:
    """Return a pattern for ``text`` in any case, which ``reverse()`` can still read."""
    return "".join(f"[{c}{c.swapcase()}]" if c.isalpha() else c for c in text)


path = any_case(COLLECTION)
delta_name = "|".join(any_case(re.escape(name)) for name in DELTA)

urlpatterns = [
    re_path(rf"^{path}/?\Z", collection, name="collection"),
    re_path(rf"^{path}/(?:{delta_name})/?\Z", delta),
    re_path(rf"^{path}/(?P<id>[^/\0]+)/?\Z", record, name="record"),
    # The canonical key of OData; a quote inside is doubled.
    re_path(rf"^{path}\('(?P<quoted_id>(?:[^'/\0]|'')+)'\)/?\Z", record),
]
