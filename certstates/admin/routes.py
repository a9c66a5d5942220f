"""The addresses of the records' pages in the admin, by the names of their routes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.urls import reverse

RECORDS = "certstates_managedalldevicecertificatestate"


def route(page: str) -> str:
    """Return the name under which the records' admin has a page."""
    return f"{RECORDS}_{page}"


def page_url(page: str, *args: Any) -> str:
    return reverse(f"admin:{route(page)}", args=args)


def record_url(page: str, id: str) -> str:
    """Return the address of a page of one record, whatever its id is made of."""
    return page_url(page, quote(id))


def list_url(**parameters: str) -> str:
    """Return the address of the list, narrowed by its own parameters."""
    return with_query(page_url("changelist"), urlencode(parameters))


def with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url
