"""How many requests were answered, how, and in what time: counted by every worker."""

from __future__ import annotations

import http
import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, values

from certstates.monitoring import slots
from certstates.monitoring.routes import label_of

logger = logging.getLogger(__name__)

METHODS = frozenset(http.HTTPMethod)
OTHER = "other"  # anybody can invent methods
# Seconds. A list of 1,000 records takes some 30 ms; 30 s is where a statement ends.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

Answer = Callable[[HttpRequest], HttpResponseBase]


class Meters:
    """The counters of this process; they live in its slot, beside those of others."""

    def __init__(self) -> None:
        # The library asks this name for each counter's place.
        values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
            slots.own.number
        )
        here = CollectorRegistry()  # what is shown is read from all slots instead
        self.requests = Counter(
            "certstates_http_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=here,
        )
        self.seconds = Histogram(
            "certstates_http_request_duration_seconds",
            "Time until an answer began.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=here,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}

    def count(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count one request. What counts it is kept: to look it up takes a lock."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self.requests.labels(method, route, str(status))
            self._counters[method, route, status] = counter
        timer = self._timers.get((method, route))
        if timer is None:
            timer = self.seconds.labels(method, route)
            self._timers[method, route] = timer
        counter.inc()
        timer.observe(seconds)


class OwnMeters:
    """The counters of this process, made by its first request and not before.

    Where they have no place, requests are answered all the same, and not counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._meters: Meters | None = None
        self._is_made = False

    def meters(self) -> Meters | None:
        if not self._is_made:
            with self._lock:
                self._make()
        return self._meters

    def _make(self) -> None:
        if self._is_made:
            return
        try:
            self._meters = Meters()
        except OSError as error:
            logger.error("Requests are not counted: %s", error)  # noqa: TRY400 -- said
        self._is_made = True


own = OwnMeters()


class RequestsMiddleware:
    """Counts what is answered further in, the probes excepted."""

    def __init__(self, get_response: Answer) -> None:
        if settings.METRICS == "off":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        if meters := own.meters():
            method = request.method or ""
            meters.count(
                method if method in METHODS else OTHER,
                label_of(request),
                status=response.status_code,
                seconds=time.perf_counter() - began,
            )
        return response
