"""Names that no door knows, and what makes their answers comparable."""

import codecs
import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates.models import in_any_case

HIDDEN = [
    "version", "created_at", "updatedAt", "pk", "_state", "objects", "suspicions",
    "id__in", "managed_device_display_name", "certificate_thumbprint", "version__gt",
    "managedDeviceDisplayName__startswith", "events", "stateevent", "pgh_obj", "user",
    "user__password", "owner__password__startswith", "__class__", "ctid", "key_0",
]  # fmt: skip

# Each looks like a property, or becomes one by Python's rules for letters.
ALIKE = [
    "certificate\u212aeyUsages",  # the Kelvin sign, whose small letter is a k
    "certificate\u017fubjectName",  # the long s, whose capital is an S
    "\u0131d", "\u0130d",  # an i without a dot, an I with one
    "\uff49\uff44",  # full width
    "i\u0501", "\u0456d",  # Cyrillic
    "user\u200bPrincipalName", "userPrincipalName\u00ad",  # nothing to be seen
    "certi\ufb01cateThumbprint",  # fi in one sign
]  # fmt: skip

SQL = [
    "id;select", "id)--", 'id" x', "id' or '1'='1", "id/**/", "pg_sleep(9)",
    "(select 1)",
    "id::text", "%s", "%(a)s", "{0}", "{0.__class__}", "id,version", "*,version",
    "${version}", "CASE WHEN 1=1 THEN id END", "id\x00", "id\nversion", "\\x69d",
]  # fmt: skip


def nonsense(name):
    """Return a word of the same shape that means nothing."""
    return codecs.encode(name, "rot13")


@dataclass
class Answer:
    """What is to be compared: without the name, and what differs every time."""

    status: int
    headers: dict[str, str]
    body: str
    queries: int


VARYING = {
    "request-id",
    "client-request-id",
    "date",
    "content-length",
    "set-cookie",
    "expires",
}
MOMENTS = re.compile(
    r'("(request-id|client-request-id|date)": ?"[^"]*"'
    r'|name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"'
    r'|(?<=@odata.etag":")[^"]*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+)"
)


def spellings(name):
    """Return the forms in which an answer may quote a name."""
    plain = {name, repr(name)[1:-1], name[name.find(next(iter(foreign(name)), "\0")) :]}
    plain |= {text[:most] for text in plain for most in (20, 40)}
    forms = plain | {quote(text) for text in plain} | {in_any_case(t) for t in plain}
    forms |= {json.dumps(text)[1:-1] for text in forms}
    return {form for form in forms if len(form) > 1}


def foreign(name):
    return [letter for letter in name if not letter.isascii()]


def without(text, *names):
    for form in sorted({*spellings(names[0]), *spellings(names[1])}, key=len)[::-1]:
        text = text.replace(form, "\N{BULLET}")
    return MOMENTS.sub("\N{WHITE BULLET}", text)


def answer_of(door, name, other):
    """Return the answer; in both, both names are taken out, as pages have words."""
    with CaptureQueriesContext(connection) as captured:
        response = door(name)
        body = b"".join(response) if response.streaming else response.content
    headers = {
        key.lower(): without(value, name, other)
        for key, value in response.headers.items()
        if key.lower() not in VARYING
    }
    text = without(body.decode(), name, other)
    return Answer(response.status_code, headers, text, len(captured))


def assert_same(door, name):
    other = nonsense(name)
    assert answer_of(door, name, other) == answer_of(door, other, name), name
