"""The routes below a service root. Segments are compared in any case, as Graph does."""

import re
from typing import Any

from django.urls import re_path

from certstates.addresses import COLLECTION, DELTA, ODATA_SEGMENT, SINGLETON, any_case
from certstates.batch_views import BatchView
from certstates.delta_views import DeltaViewSet
from certstates.service_views import device_management, metadata, service_document
from certstates.views import CertificateStateViewSet, segment_not_offered


def view(**actions: Any) -> Any:
    """Return the view of one route, from HTTP methods to the viewset's own."""
    return CertificateStateViewSet.as_view(actions)


collection = any_case(COLLECTION)
delta_name = "|".join(any_case(re.escape(name)) for name in DELTA)
count = rf"\${any_case('count')}"
value = rf"\${any_case('value')}"
# Segments that are OData's own, and no ids.
ODATA = rf"(?:{ODATA_SEGMENT})[^/\0]*"
# Those of them that OData knows behind a collection; the others are mistakes.
WORDS = "|".join(any_case(word) for word in ("ref", "query", "each", "value"))
NOT_OFFERED = (
    rf"\$(?:{WORDS}|{any_case('filter')}\([^/\0]*)"
    rf"|(?:{any_case('microsoft')}\.)?{any_case('graph')}\.[^/\0]*"
)
# A key is a segment, or in parentheses, where a quote inside it is doubled: the
# canonical form of OData, in which any id can be written.
KEYS = (
    rf"/(?P<id>(?!{ODATA})[^/\0]+)",
    rf"\((?:{any_case('id')}=)?'(?P<quoted_id>(?:[^'/\0]|'')+)'\)",
)
PROPERTY = r"(?P<name>[^/\0$]+)"

record_view = view(get="retrieve", patch="partial_update", delete="destroy")
property_view = view(get="retrieve_property")
value_view = view(get="retrieve_value")

urlpatterns = [
    re_path(r"^\Z", service_document),
    re_path(rf"^\{any_case('$metadata')}/?\Z", metadata),
    re_path(rf"^{any_case(SINGLETON)}/?\Z", device_management),
    re_path(rf"^\${any_case('batch')}/?\Z", BatchView.as_view(), name="batch"),
    re_path(rf"^{collection}/?\Z", view(get="list", post="create"), name="collection"),
    re_path(rf"^{collection}/{count}/?\Z", view(get="count")),
    re_path(
        rf"^{collection}/(?:{delta_name})/?\Z", DeltaViewSet.as_view({"get": "delta"})
    ),
    re_path(rf"^{collection}/(?P<segment>{NOT_OFFERED})(?:/|\Z)", segment_not_offered),
]
for key in KEYS:
    record = rf"^{collection}{key}"
    urlpatterns += [
        re_path(rf"{record}/?\Z", record_view),
        re_path(rf"{record}/{PROPERTY}/?\Z", property_view),
        re_path(rf"{record}/{PROPERTY}/{value}/?\Z", value_view),
    ]
