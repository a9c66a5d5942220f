"""The WSGI application, for any server."""

import io
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from certstates.headers import make_readable, readable_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

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


def with_readable_requests(application: Application) -> Application:
    """Let Django refuse the paths and media types that it would misread."""

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if "PATH_INFO" in environ:
            environ["PATH_INFO"] = readable_path(environ["PATH_INFO"])
        make_readable(environ)
        return application(environ, start_response)

    return wrapped


application = with_readable_requests(with_chunked_bodies(get_wsgi_application()))
