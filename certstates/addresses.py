"""The addresses in answers: absolute, and below the service root that was asked."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def any_case(text: str) -> str:
    """Return a pattern for ``text`` in any case, which ``reverse()`` can still read."""
    return "".join(f"[{c}{c.swapcase()}]" if c.isalpha() else c for c in text)


SINGLETON = "deviceManagement"
NAVIGATION = "deviceConfigurationsAllManagedDeviceCertificateStates"
COLLECTION = f"{SINGLETON}/{NAVIGATION}"

# The service roots. The last one is the beginning of every other.
ROOTS = ("beta/", "v1.0/", "")

# The function's name may be qualified, and its empty parentheses may be left out.
DELTA = tuple(
    f"{namespace}delta{call}"
    for namespace in ("", "graph.", "microsoft.graph.")
    for call in ("", "()")
)
# Below the collection these segments have a meaning of their own, and so has whatever
# begins like a segment of OData.
RESERVED = frozenset(DELTA)
ODATA_SEGMENT = rf"\$|(?:{any_case('microsoft')}\.)?{any_case('graph')}\."


def root_of(path: str) -> str:
    """Return the root that a path without its first slash begins with, in any case."""
    return next(root for root in ROOTS if f"{path}/".lower().startswith(root))


def public_url(request: HttpRequest | Request) -> str:
    """Return the address of this server as its clients know it, with a slash."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")


@dataclass(frozen=True)
class ServiceRoot:
    """One of the roots (``beta/``, ``v1.0/`` or nothing), as an absolute address."""

    url: str

    @classmethod
    def of(cls, request: HttpRequest | Request, root: str) -> Self:
        return cls(public_url(request) + root)

    @property
    def collection(self) -> str:
        return self.url + COLLECTION

    @property
    def delta(self) -> str:
        return f"{self.collection}/delta"

    @property
    def metadata(self) -> str:
        return f"{self.url}$metadata"

    def context(self, fragment: str = "") -> str:
        """Return the context URL of what ``fragment`` describes, or of the service."""
        return f"{self.metadata}#{fragment}" if fragment else self.metadata

    def record(self, id: str) -> str:
        """Return a record's address: the key as a segment, the form that SDKs use."""
        if id.lower() in RESERVED or re.match(ODATA_SEGMENT, id):
            return f"{self.collection}('{id}')"
        return f"{self.collection}/{quote(id, safe='')}"
