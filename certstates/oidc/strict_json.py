"""JSON in base64url, without the freedom to mean two things."""

import base64
import binascii
import json
import re
from typing import Any, NoReturn

DEEPEST = 16
# Texts are passed over; one that does not end takes all the rest, so this is linear.
MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def object_in(part: str) -> dict[str, Any] | None:
    """Return the object of a token's part, or nothing where there is none.

    A name given twice, NaN, another encoding than UTF-8 and deep nesting are refused.
    """
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        if _depth(text) > DEEPEST:
            return None
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, dict) else None


def _depth(text: str) -> int:
    depth = deepest = 0
    for mark in MARKS.findall(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name is given twice.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON.")
