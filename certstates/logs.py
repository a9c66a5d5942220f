"""What the server writes down: a line an event, with the request's id and no secret.

A line of the format ``json`` is one object: ``time`` (UTC), ``level``, ``logger``,
``message``, ``request_id``, ``caller`` or ``staff`` where known, ``exc_info`` where
something broke. Each answered request is one line of the logger ``certstates.access``,
with ``method``, ``path`` (never the query: it names people), ``status`` and
``duration_ms``. docs/logs.md tells the rest.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

access = logging.getLogger("certstates.access")
events = logging.getLogger("certstates.security")

# Tokens and secrets of this server, tokens of others, and what stands behind a name
# that promises a secret. No code logs them; a library's message, or a traceback, may.
SECRETS = re.compile(
    r"""(?P<known>certstates_(?:secret_)?)[\w-]{43}(?![\w-])
    | (?P<jwt>\beyJ)[\w-]{5,}\.[\w-]*\.[\w-]*
    | (?P<scheme>\b(?:bearer|basic)\ +)[\w.~+/-]{8,}=*
    | (?P<userinfo>://[^:/@\s]+:)[^@\s/]+(?=@)
    | (?P<named>(?:secret|password\d?|_token|csrfmiddlewaretoken|assertion|\bcode)
        \\*["']?\ *[=:]\ *\\*["']?)[^\s"'&,;\\}]+""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
HIDDEN = "[hidden]"
# Written even where the access log is off: who did not get in, or wanted too much.
REFUSALS = frozenset({401, 403, 429})
NUMBER = (int, float, type(None))  # True and False are numbers too

_facts: ContextVar[dict[str, Any] | None] = ContextVar("facts", default=None)


def without_secrets(line: str) -> str:
    """Return a line in which nothing can be used to get in."""
    return SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}{HIDDEN}", line)


def harmless(fact: Any) -> Any:
    """Return a fact as JSON has it, without secrets."""
    if isinstance(fact, NUMBER):
        return fact
    if isinstance(fact, list):
        return [harmless(part) for part in fact]
    return without_secrets(str(fact))


def note(**facts: Any) -> None:
    """Let every further line of this request carry these facts."""
    known = _facts.get()
    if known is not None:
        known.update(facts)


@contextmanager
def request_lines(request_id: str, **known: Any) -> Iterator[None]:
    """Let every line within carry the id and what else is known of the request.

    An item of a batch names its batch too, and has the batch's facts.
    """
    outer = _facts.get()
    facts = {**known, **(outer or {}), "request_id": request_id}
    if outer:
        facts["batch_id"] = outer["request_id"]
    before = _facts.set(facts)
    try:
        yield
    finally:
        _facts.reset(before)


def answered(request: HttpRequest, response: HttpResponseBase, *, began: float) -> None:
    """Write the line of a request; ``began`` is of ``time.perf_counter()``."""
    status = response.status_code
    if not settings.ACCESS_LOG and status not in REFUSALS:
        return
    facts = {
        "method": request.method,
        "path": request.path_info,
        "status": status,
        "duration_ms": round((time.perf_counter() - began) * 1000, 1),
    }
    access.info("%s %s %d", request.method, request.path_info, status, extra=facts)


def security(
    event: str, words: str, *, level: int = logging.INFO, **facts: Any
) -> None:
    """Write the line of something that concerns who may do what; docs/logs.md lists."""
    events.log(level, "%s", words, extra={"event": event, **facts})


class Facts(logging.Filter):
    """Lets every line pass, with what is known of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        known = _facts.get() or {}
        # Django's own line of a failure comes when the request is over.
        if id := getattr(getattr(record, "request", None), "graph_request_id", None):
            known = {"request_id": id, **known}
        for name, fact in known.items():
            # nosemgrep: orm-attribute-from-data -- a line, and no record of a table
            setattr(record, name, fact)
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line, in ASCII, so that no terminal and no parser stumbles."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger"},
            # The request itself would show its query.
            reserved_attrs=[*RESERVED_ATTRS, "request"],
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Hide secrets as long as they are texts: no pattern sees through escapes."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        found = {"time": now, **super().process_log_record(log_data)}
        return {name: harmless(fact) for name, fact in found.items()}


class PlainLines(logging.Formatter):
    """For one's own desk: what happened, in few words, and in one line each."""

    def __init__(self) -> None:
        super().__init__("{levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's
        """Keep it one line: a path may have breaks, and colours for a terminal."""
        line = super().formatMessage(record)
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
