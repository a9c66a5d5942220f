"""Ids for records whose source has none: the same record has the same one each time."""

from __future__ import annotations

import hashlib
import re
import uuid

import orjson

# Any number serves, and no other ever: the ids of all imports so far follow from it.
NAMESPACE = uuid.UUID("6d1f0e5a-3f0b-5c39-9a6e-8b8c7d2e41f7")

SEPARATORS = re.compile(r"[\W_]+")

# A digit with its two highest bits as RFC 9562, section 4.1, wants them.
VARIANTS = {f"{n:x}": f"{n & 3 | 8:x}" for n in range(16)}


def derived_id(*parts: str | None) -> str:
    """Return the id that follows from a natural key: a version 5 UUID.

    The name that is hashed is the JSON array of the parts, the first of which says
    what kind of key they are (RFC 9562, section 5.5). Raises TypeError for a part that
    is no valid Unicode.
    """
    name = NAMESPACE.bytes + orjson.dumps(parts)
    # nosemgrep: secrets-weak-hash -- version 5 of RFC 9562 is SHA-1; nothing is secret
    text = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    variant = VARIANTS[text[16]]
    # As uuid.uuid5() would spell it, in a quarter of its time.
    return (
        f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
    )


def in_capitals(thumbprint: str) -> str:
    """Return a thumbprint without what people put between its digits."""
    if not thumbprint.isalnum():
        thumbprint = SEPARATORS.sub("", thumbprint)
    return thumbprint.upper()
