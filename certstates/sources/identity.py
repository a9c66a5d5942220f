"""Ids for records whose source has none: the same record has the same one each time."""

from __future__ import annotations

import hashlib
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
    name = NAMESPACE.bytes + orjson.dumps(parts)
    digest = bytearray(hashlib.sha1(name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50  # the version; uuid.uuid5 takes thrice the time
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
