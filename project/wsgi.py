"""The WSGI application, for any server."""

import io
import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

UTF_8 = re.compile(r';\s*charset\s*=\s*"?utf-?8"?\s*(?=;|,|$)', re.IGNORECASE)
# What an unreadable header is taken for, so that 415 and 406 answer it.
UNREADABLE = {"CONTENT_TYPE": "", "HTTP_ACCEPT": "unreadable/unreadable"}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def with_chunked_bodies(application: Application) -> Application:
    """Give chunked request bodies a length: Django takes a missing one for zero.

    Reads one byte more than is allowed, so that the parser sees what is too large.
    """

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(settings.MAX_BODY_SIZE + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return wrapped


def with_readable_headers(application: Application) -> Application:
    """Blank the media types that Django would fail on instead of refusing them.

    Naming UTF-8 says nothing new, and makes Django read the query too early.
    """

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        for header, otherwise in UNREADABLE.items():
            if header in environ:
                value = UTF_8.sub("", environ[header])
                environ[header] = value if _is_readable(value) else otherwise
        return application(environ, start_response)

    return wrapped


def _is_readable(media_type: str) -> bool:
    try:
        return "charset" not in parse_header_parameters(media_type)[1]
    except (LookupError, ValueError):
        return False


application = with_readable_headers(with_chunked_bodies(get_wsgi_application()))
