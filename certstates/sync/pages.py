"""One page of a collection: a body that may be anything, until it is read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from certstates.edm import json_type
from certstates.errors import BadRequest, shown
from certstates.parsers import parse_json
from certstates.serializers import CertificateStateSerializer
from certstates.sources import FileRefused, Row
from certstates.sources.documents import JsonFile
from certstates.sync import addresses
from certstates.sync.refusals import SyncRefused, TryAgain

# A server that leaves out what is null means just that, for a record that is new here.
NULLS = {
    name: None
    for name, field in CertificateStateSerializer.edm_fields().items()
    if field.allow_null
}
LARGEST_COUNT = 2**53


@dataclass(frozen=True)
class Page:
    """Records as rows whose numbers count from 1; and what else the page says."""

    ids: list[str]
    rows: list[Row]
    next_link: str | None
    count: int | None = None


def read_page(body: bytes, *, url: str) -> Page:
    """Return the page, or raise SyncRefused; TryAgain for one that may be cut off."""
    try:
        page = parse_json(body)
    except BadRequest as error:
        raise TryAgain(str(error.detail).rstrip(".")) from None
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise SyncRefused(
            "The answer is no page of a collection: it has no array called value."
        )
    link = page.get("@odata.nextLink")
    return Page(
        ids_of(page["value"]),
        [*rows_of(body)],
        None if link is None else addresses.next_page(url, link),
        count_of(page.get("@odata.count")),
    )


def ids_of(items: list[Any]) -> list[str]:
    """Return the ids; without them nobody could say what vanished."""
    ids = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise SyncRefused(
                f"Item {number} of the page is {json_type(item)}, and no object."
            )
        id = item.get("id")
        if not isinstance(id, str) or not id:
            raise SyncRefused(
                f"Item {number} of the page has no id, by which it could be known "
                "again. (Do not leave it out by $select.)"
            )
        ids.append(id)
    return ids


def rows_of(body: bytes) -> Iterator[Row]:
    """Yield the records as a file of them would be read, which a saved page is."""
    try:
        for number, row in enumerate(JsonFile(io.BytesIO(body)), 1):
            missing = {n: v for n, v in NULLS.items() if n not in row.values}
            yield replace(row, line=number, defaults={**missing, **row.defaults})
    except FileRefused as refused:
        raise SyncRefused(str(refused)) from None


def count_of(value: object) -> int | None:
    """Return ``@odata.count``, a number that may stand in a string."""
    text = str(value) if isinstance(value, (int, str)) else ""
    is_number = text.isdecimal() and text.isascii() and len(text) < 17
    return int(text) if is_number and int(text) <= LARGEST_COUNT else None


def words_of(body: bytes) -> str:
    """Return what an error says, in Graph's envelope or not at all."""
    try:
        error = parse_json(body)["error"]
        words = f"{error['code']}: {error['message']}"
    except (BadRequest, LookupError, TypeError):
        return ""
    return shown("".join(c if c.isprintable() else " " for c in words))
