"""What of a request must be refused, and not repaired or passed over."""

import functools
import re
from typing import Any

from django.http.request import MediaType
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

LONGEST_MEDIA_TYPE = 2_048  # several of them in a row, for Accept
UTF_8 = re.compile(r';\s*charset\s*=\s*"?utf-?8"?\s*(?=;|,|$)', re.IGNORECASE)
# What an unreadable header is taken for, so that 415 and 406 answer it.
UNREADABLE = {"CONTENT_TYPE": "", "HTTP_ACCEPT": "unreadable/unreadable"}


def readable_path(path: str) -> str:
    """Return a WSGI path with NUL, which no id can hold, for each byte out of place.

    Django would write such a byte as %FF, and so find the record of another id.
    """
    raw = path.encode("latin-1")
    try:
        raw.decode()
    except UnicodeDecodeError:
        text = raw.decode(errors="replace").replace("\N{REPLACEMENT CHARACTER}", "\0")
        return text.encode().decode("latin-1")
    return path


METHOD_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def refuse_method_override(request: Request) -> None:
    for header in METHOD_OVERRIDES:
        if header in request.headers:
            raise MethodNotAllowed(
                request.headers[header],
                f"{header} is not honoured; send the request by the method itself.",
            )


def make_readable(environ: dict[str, Any]) -> None:
    """Blank the media types of a WSGI environment that Django cannot read.

    Naming UTF-8 says nothing new, and makes Django read the query too early.
    """
    for header, otherwise in UNREADABLE.items():
        if header in environ:
            value = UTF_8.sub("", environ[header][: LONGEST_MEDIA_TYPE + 1])
            readable = parsed(value)
            is_plain = readable is not None and "charset" not in readable.params
            environ[header] = value if is_plain else otherwise


def parsed(media_type: str) -> MediaType | None:
    """Return what a media type says, or None where it cannot be read.

    Django's parser takes a time that grows with the square of the length.
    """
    return None if len(media_type) > LONGEST_MEDIA_TYPE else _parsed(media_type)


@functools.lru_cache(maxsize=256)  # clients send the same ones again and again
def _parsed(media_type: str) -> MediaType | None:
    try:
        return MediaType(media_type)
    except (LookupError, ValueError):
        return None
