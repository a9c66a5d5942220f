"""The whole description, made once a process."""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import ResolvedComponent

from certstates.addresses import ROOTS
from certstates.openapi.inspector import BEARER
from certstates.openapi.operations import TAGS
from certstates.openapi.paths import CanonicalEndpoints
from certstates.openapi.responses import (
    example_components,
    header_components,
    refusal_components,
)
from certstates.openapi.schemas import Schema, schemas
from certstates.permissions import READ, READ_WRITE


class GraphSchemaGenerator(SchemaGenerator):
    """drf-spectacular's generator, with the paths, names and parts of this API."""

    endpoint_inspector_cls = CanonicalEndpoints

    def get_schema(self, request: Any = None, public: bool = False) -> Schema:
        for component in components():
            self.registry.register_on_missing(component)
        found: Schema = super().get_schema(  # type: ignore[no-untyped-call]
            request=request, public=public
        )
        return {**found, "servers": servers(settings.PUBLIC_URL), "tags": TAGS}


def components() -> Iterator[ResolvedComponent]:
    parts = {
        "examples": example_components(),
        "headers": header_components(),
        "responses": refusal_components(),
        "schemas": schemas(),
        "securitySchemes": {BEARER: bearer()},
    }
    for kind, named in parts.items():
        for name, schema in named.items():
            yield ResolvedComponent(  # type: ignore[no-untyped-call]
                name, kind, schema, object=name
            )


def servers(public_url: str) -> list[Schema]:
    """Return the service roots: absolute where the public address is known.

    A path begins with a slash, so that none stands at the end of a root.
    """
    base = public_url.rstrip("/")
    urls = [f"{base}/{root}".rstrip("/") or "/" for root in ROOTS]
    return [{"url": url} for url in urls]


def bearer() -> Schema:
    return {
        "type": "http",
        "scheme": "bearer",
        "description": f"An access token with the scope `{READ}`, to read, or "
        f"`{READ_WRITE}`, to read and write: one that was made here, or one "
        "of the identity provider that this server trusts.",
    }


@dataclass(frozen=True)
class Document:
    """The description as JSON, and the ETag that stands for it."""

    body: bytes
    etag: str


@functools.cache
def document_for(public_url: str, create_requires: str) -> Document:
    """Return the description; the arguments are the settings that it shows."""
    generator = GraphSchemaGenerator()  # type: ignore[no-untyped-call]
    body = orjson.dumps(generator.get_schema(public=True))
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def document() -> Document:
    return document_for(settings.PUBLIC_URL, settings.CREATE_REQUIRES)
