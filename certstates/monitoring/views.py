"""``/metrics``: what Prometheus and its kind read, all workers together."""

import contextlib
import functools
import platform
import tomllib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from rest_framework.request import Request

from certstates import errors
from certstates.monitoring import slots
from certstates.monitoring.gauges import DatabaseCollector
from certstates.negotiation import chosen_format
from certstates.service_views import ServiceView
from certstates.views import unknown_segment

TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text"
# What is written, and not the version that was asked for: that may be anything.
FORMATS: dict[str, tuple[Callable[[CollectorRegistry], bytes], str]] = {
    TEXT: (exposition.generate_latest, exposition.CONTENT_TYPE_PLAIN_0_0_4),
    OPENMETRICS: (
        openmetrics.generate_latest,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ),
}


@functools.cache
def version() -> str:
    """Return the release's number, which stands where Python's tools look for it."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


class BuildCollector(Collector):
    """Tells which release runs here."""

    def collect(self) -> Any:
        facts = {"version": version(), "python": platform.python_version()}
        yield InfoMetricFamily("certstates_build", "What runs here.", value=facts)


class MetricsView(ServiceView):
    """For who may read records: the numbers tell about the firm.

    A scrape is not throttled: it would count as a request of its application.
    """

    throttle_classes = ()

    def get_authenticators(self) -> Any:
        return [] if settings.METRICS == "open" else super().get_authenticators()

    def get_permissions(self) -> Any:
        return [] if settings.METRICS == "open" else super().get_permissions()

    def get(self, request: Request) -> HttpResponse:
        chosen = chosen_format(request, None, [*FORMATS])
        written, content_type = FORMATS[chosen]
        return HttpResponse(written(collectors()), content_type=content_type)

    def handle_exception(self, exc: Exception) -> Any:
        """Say of a token that cannot be looked up that it is not the token's fault."""
        if isinstance(exc, DatabaseError):
            exc = errors.ServiceUnavailable("The database does not answer.", wait=10)
        return super().handle_exception(exc)


def collectors() -> CollectorRegistry:
    """Return what can be told now; all that workers count is read from files."""
    found = CollectorRegistry()
    found.register(BuildCollector())
    found.register(DatabaseCollector())
    with contextlib.suppress(OSError):  # which the log has
        directory = str(slots.own.slot().directory)
        MultiProcessCollector(found, directory)  # type: ignore[no-untyped-call]
    return found


# nosemgrep: web-csrf-exempt -- it takes no cookie
@csrf_exempt
def metrics(request: HttpRequest) -> HttpResponseBase:
    """Answer as if there were no such address where the metrics are off."""
    if settings.METRICS == "off":
        return unknown_segment(request)
    return MetricsView.as_view()(request)
