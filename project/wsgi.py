"""The WSGI application, for any server."""

import functools
import io
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from certstates.headers import make_readable, readable_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def limit_statements(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let no statement last; none here lasts long enough to be worth compiling."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false),"
            " set_config('jit', 'off', false)",
            [f"{settings.STATEMENT_TIMEOUT:d}s"],
        )


@functools.cache
def begin_limiting_statements() -> None:
    connection_created.connect(limit_statements)


def with_limited_statements(application: Application) -> Application:
    """Let no question hold a connection for long.

    From the first request on: a migration by the same process may take its time.
    """

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        begin_limiting_statements()
        return application(environ, start_response)

    return wrapped


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


application = with_limited_statements(
    with_readable_requests(with_chunked_bodies(get_wsgi_application()))
)
