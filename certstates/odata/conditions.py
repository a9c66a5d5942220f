"""ETags and the conditions that requests make of them.

An ETag is weak and stands for the row's version. Source: RFC 9110, sections 8.8.3 and
13.1; OData 4.01 Part 1, section 8.3.1. Nobody has to send a condition.
"""

import re
from collections.abc import Mapping

from certstates.errors import BadRequest, PreconditionFailed

ENTITY_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
ENTITY_TAGS = re.compile(rf"\s*(?:{ENTITY_TAG}\s*(?:,\s*|$))+", re.ASCII)


def etag_of(version: int) -> str:
    return f'W/"{version:x}"'


def matches(headers: Mapping[str, str], name: str, version: int) -> bool:
    """Return whether a header such as If-Match names this version, or is ``*``.

    Weak and strong tags compare alike: all of this server's are weak. Raises BadRequest
    where the header is malformed.
    """
    value = headers[name].strip()
    if value == "*":
        return True
    if not ENTITY_TAGS.fullmatch(value):
        raise BadRequest(f"{name} must be * or a list of entity tags.", target=name)
    tags = [tag.removeprefix("W/") for tag in re.findall(ENTITY_TAG, value)]
    return etag_of(version).removeprefix("W/") in tags


def check_match(headers: Mapping[str, str], version: int | None) -> None:
    """Raise PreconditionFailed where the client has seen another version.

    What has no version, such as a collection, has no ETag that could match.
    """
    if "If-Match" not in headers:
        return
    if version is None or not matches(headers, "If-Match", version):
        raise PreconditionFailed(target="If-Match")


def check_write(headers: Mapping[str, str], version: int) -> None:
    """Raise PreconditionFailed where a change is not meant for this version."""
    check_match(headers, version)
    if "If-None-Match" in headers and matches(headers, "If-None-Match", version):
        raise PreconditionFailed(target="If-None-Match")


def is_unchanged(headers: Mapping[str, str], version: int) -> bool:
    """Return whether a GET may be answered with 304."""
    return "If-None-Match" in headers and matches(headers, "If-None-Match", version)
