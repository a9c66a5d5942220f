"""``/healthz`` and ``/readyz``: does it live, and could it do its work?

Orchestrators ask by an address of the inner network, over plain http and without a
token. So the answers come before anybody looks at hosts, https, sessions or logs; they
say nothing that would help a stranger.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

PATIENCE = 2  # seconds that an answer may take
REMEMBERED = 1  # seconds: whoever asks more often asks the same check
LIMITS = {"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000}
STATEMENT_LIMIT = f"SET statement_timeout = '{PATIENCE}s'"


class Check:
    """One look at the database, in a thread of its own: it may take for ever.

    ``missing`` names what is not there; until the contrary is known, all of it.
    """

    def __init__(self, *, is_migrated: bool) -> None:
        self.missing = ["database"]
        self.is_migrated = is_migrated
        self.done = threading.Event()
        self.ended = 0.0

    def run(self) -> None:
        """Look by a connection of its own: those of requests may be stuck."""
        database = limited(connections["default"])
        # It is this thread's: what Django asks on the way goes by its name.
        connections["default"] = database
        try:
            self.missing = self.missing_in(database)
        except DatabaseError:  # "database" it is
            pass
        finally:
            database.close()
            self.ended = time.monotonic()
            self.done.set()

    def missing_in(self, database: BaseDatabaseWrapper) -> list[str]:
        with database.cursor() as cursor:
            cursor.execute(STATEMENT_LIMIT)
        if not self.is_migrated:
            executor = MigrationExecutor(database)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            self.is_migrated = not plan
        return [] if self.is_migrated else ["migrations"]


def limited(database: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """Return a connection to the same database that does not wait for long."""
    copy = database.copy()
    options = copy.settings_dict.get("OPTIONS") or {}
    copy.settings_dict["OPTIONS"] = {**options, **LIMITS}
    return copy


class Readiness:
    """What the last look at the database found; one looks at a time, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._check: Check | None = None
        self._noted: list[str] = []

    def missing(self) -> list[str]:
        check = self.current()
        missing = check.missing if check.done.wait(PATIENCE) else ["database"]
        self.note(missing)
        return missing

    def note(self, missing: list[str]) -> None:
        """Write a line when it has changed, and none for each who asks."""
        if missing == self._noted:
            return
        self._noted = missing
        if missing:
            logger.warning("Not ready: %s.", " and ".join(missing))
        else:
            logger.info("Ready.")

    def current(self) -> Check:
        """Return the check that runs, or has just ended, or a new one."""
        with self._lock:
            last = self._check
            if last and (not last.done.is_set() or is_fresh(last)):
                return last
            # What is migrated stays so; what another release adds comes with a restart.
            self._check = Check(is_migrated=bool(last and last.is_migrated))
            threading.Thread(target=self._check.run, daemon=True).start()
            return self._check


def is_fresh(check: Check) -> bool:
    return time.monotonic() - check.ended < REMEMBERED


readiness = Readiness()


def health() -> HttpResponse:
    return answer({"status": "ok"})


def ready() -> HttpResponse:
    """Say whether requests can be answered, and if not, what is missing."""
    missing = readiness.missing()
    if not missing:
        return answer({"status": "ok"})
    response = answer({"status": "unavailable", "missing": missing}, status=503)
    response["Retry-After"] = str(REMEMBERED)
    # Django would write an error for each, as long as somebody asks.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def answer(body: dict[str, object], *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return JsonResponse(body, status=status, headers=headers)


PROBES: dict[str, Callable[[], HttpResponse]] = {"/healthz": health, "/readyz": ready}


class ProbesMiddleware:
    """Answers the probes; all else, and what is no way to probe, goes further in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        if probe is None or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        return probe()


# nosemgrep: web-csrf-exempt -- it takes no cookie
@csrf_exempt
@require_safe
def probe_view(request: HttpRequest) -> HttpResponse:
    """Refuse the other methods: what gets here is no probe, or the address resolves."""
    return PROBES[request.path_info]()
