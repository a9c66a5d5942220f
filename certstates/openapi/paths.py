"""The canonical paths of the API, below a service root.

A route takes a path in any case and a key in two forms; a description needs one
spelling of each. Every template here is a path of its own as it stands, so the routes
themselves say which view answers it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import resolve
from drf_spectacular.generators import EndpointEnumerator

from certstates.addresses import COLLECTION, SINGLETON

ROUTES = "certstates.urls"
# Both names are Graph's own way to write them.
KEY = "managedAllDeviceCertificateState-id"
PROPERTY = "property"
RECORD = f"/{COLLECTION}/{{{KEY}}}"

PATHS = (
    "/",
    "/$metadata",
    "/$batch",
    f"/{SINGLETON}",
    f"/{COLLECTION}",
    f"/{COLLECTION}/$count",
    f"/{COLLECTION}/delta()",
    RECORD,
    f"{RECORD}/{{{PROPERTY}}}",
    f"{RECORD}/{{{PROPERTY}}}/$value",
)
METHODS = ("GET", "POST", "PATCH", "DELETE")

Endpoint = tuple[str, str, str, Callable[..., Any]]


class CanonicalEndpoints(EndpointEnumerator):
    """Lists each path once, where drf-spectacular would list regular expressions."""

    def get_api_endpoints(self, patterns: Any = None, prefix: str = "") -> Any:
        return list(self._endpoints())

    def _endpoints(self) -> Iterator[Endpoint]:
        for path in PATHS:
            view = resolve(path, ROUTES).func
            allowed = self.get_allowed_methods(view)  # type: ignore[no-untyped-call]
            # The library keeps them in a set: every process would have its own order.
            for method in sorted(allowed, key=METHODS.index):
                yield path, path, method, view
