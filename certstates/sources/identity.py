"""Ids for records whose source has none: the same record has the same one each time."""

from __future__ import annotations

import uuid

import orjson

# Any number serves, and no other ever: the ids of all imports so far follow from it.
NAMESPACE = uuid.UUID("6d1f0e5a-3f0b-5c39-9a6e-8b8c7d2e41f7")


def derived_id(*parts: str | None) -> str:
    """Return the id that follows from a natural key: a version 5 UUID.

    The name that is hashed is the JSON array of the parts, the first of which says
    what kind of key they are (RFC 9562, section 5.5). Raises TypeError for a part that
    is no valid Unicode.
    """
    name = orjson.dumps(parts).decode()
    return str(uuid.uuid5(NAMESPACE, name))
