"""The document of a JSON batch, checked whole before any of its requests runs.

Source: OData JSON Format 4.01, section 19.1, within Graph's limits. Graph knows no
atomicity, and reads a member that is null as one that is absent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certstates.errors import BadRequest, GraphError, NotImplementedYet, shown

MOST_ITEMS = 20
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
# Members that change what an item means; any other unknown one is passed over.
NOT_OFFERED = ("atomicityGroup", "if")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Item:
    """One request of a batch. ``depends_on`` holds the ids of earlier items.

    ``body`` is the JSON value as sent: None for no body, a str for base64.
    """

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    depends_on: tuple[str, ...]
    body: Any


def parse_batch(document: Any) -> list[Item]:
    """Return the items in their order.

    Raises BadRequest or NotImplementedYet, which name the item and what is wrong.
    """
    entries = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise BadRequest(
            'A batch is an object such as {"requests": [...]}.', target="requests"
        )
    if not 1 <= len(entries) <= MOST_ITEMS:
        raise BadRequest(
            f"A batch holds 1 to {MOST_ITEMS} requests, not {len(entries)}.",
            target="requests",
        )
    ids: dict[str, str] = {}
    items = []
    for position, entry in enumerate(entries):
        item = _Entry(position, entry).item(ids)
        ids[item.id.casefold()] = item.id
        items.append(item)
    return items


class _Entry:
    """One element of ``requests``, read member by member."""

    def __init__(self, position: int, value: Any) -> None:
        self.place = f"requests[{position}]"
        if not isinstance(value, dict):
            raise BadRequest(f"{self.place} must be an object.", target=self.place)
        self.members = {k: v for k, v in value.items() if v is not None}

    def item(self, earlier: Mapping[str, str]) -> Item:
        """Return the item. ``earlier`` maps ids in one case to the ids as sent."""
        id = self._id(earlier)
        for name in NOT_OFFERED:
            if name in self.members:
                raise self._refusal(name, "is not implemented", NotImplementedYet)
        return Item(
            id=id,
            method=self._method(),
            url=self._url(),
            headers=self._headers(),
            depends_on=self._depends_on(id, earlier),
            body=self.members.get("body"),
        )

    def _id(self, earlier: Mapping[str, str]) -> str:
        id = self.members.get("id")
        if not isinstance(id, str) or not id:
            raise self._refusal("id", "must be a string that is not empty")
        if LONE_SURROGATE.search(id):
            raise self._refusal("id", "must not hold a lone surrogate")
        self.place += f" ({shown(id)!r})"
        if id.casefold() in earlier:
            raise self._refusal("id", "is used by an earlier request, in any case")
        return id

    def _method(self) -> str:
        method = self.members.get("method")
        if not isinstance(method, str) or method.upper() not in METHODS:
            raise self._refusal("method", f"must be one of {', '.join(METHODS)}")
        return method.upper()

    def _url(self) -> str:
        url = self.members.get("url")
        if not isinstance(url, str) or not url:
            raise self._refusal("url", "must be a string that is not empty")
        return url

    def _headers(self) -> Mapping[str, str]:
        headers = self.members.get("headers", {})
        if not isinstance(headers, dict):
            raise self._refusal("headers", "must be an object of strings")
        for name, value in headers.items():
            if not isinstance(value, str):
                raise self._refusal("headers", f"must have a string at {shown(name)!r}")
        return headers

    def _depends_on(self, id: str, earlier: Mapping[str, str]) -> tuple[str, ...]:
        """Return the ids as the earlier items have them.

        A cycle needs a reference forward, so that refusing these refuses all cycles.
        """
        names = self.members.get("dependsOn", [])
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise self._refusal("dependsOn", "must be an array of strings")
        for name in names:
            if name.casefold() == id.casefold():
                raise self._refusal("dependsOn", "must not name the request itself")
            if name.casefold() not in earlier:
                raise self._refusal(
                    "dependsOn", f"names {shown(name)!r}, which is no earlier request"
                )
        return tuple(dict.fromkeys(earlier[name.casefold()] for name in names))

    def _refusal(
        self, name: str, words: str, error: type[GraphError] = BadRequest
    ) -> GraphError:
        return error(
            f"{self.place}: {name} {words}.",
            target=f"{self.place.partition(' ')[0]}.{name}",
        )
