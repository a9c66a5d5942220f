"""Reading a small JSON document from a server that may be slow, or odd."""

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

TIMEOUT = 3.0  # seconds for everything, whatever the server does
LARGEST = 512 * 1024
CUT_AGAIN = 0.05  # seconds
# Plain http only on this machine, for tests.
TRUSTED = re.compile(
    r"(https://[^/?#\s@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)"
    r"(/[^#\s]*)?",
    re.ASCII,
)


class Unreadable(Exception):
    """The document could not be had."""


def fetch_json(url: str, *, deadline: float) -> Any:
    """Return the document. ``deadline`` is a time of ``time.monotonic()``.

    Redirects are not followed: the address is the one that the settings trust.
    """
    if not TRUSTED.fullmatch(url):
        raise Unreadable("the address is not https")
    try:
        return json.loads(_body(urlsplit(url), deadline))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from error


def _body(url: SplitResult, deadline: float) -> bytes:
    connection = _connection(url, timeout=max(0.1, deadline - time.monotonic()))
    try:
        with _hung_up_at(deadline, connection) as lines:
            connection.connect()
            lines.append(connection.sock)
            target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
            connection.request("GET", target, headers={"Accept": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                raise Unreadable(f"the answer is {response.status}")
            body = response.read(LARGEST + 1)
    finally:
        connection.close()
    if len(body) > LARGEST:
        raise Unreadable(f"the answer has more than {LARGEST} bytes")
    return body


def _connection(url: SplitResult, *, timeout: float) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(host, url.port, timeout=timeout)
    context = ssl.create_default_context()
    proxy = "" if proxy_bypass(host) else getproxies().get("https", "")
    if not proxy:
        return HTTPSConnection(host, url.port, timeout=timeout, context=context)
    way = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    connection = HTTPSConnection(
        way.hostname or "", way.port or 3128, timeout=timeout, context=context
    )
    connection.set_tunnel(host, url.port or 443)
    return connection


@contextlib.contextmanager
def _hung_up_at(
    deadline: float, connection: HTTPConnection
) -> Iterator[list[socket.socket]]:
    """Cut the line then: a server that sends a byte now and then meets no timeout.

    Yield a list for the line, which the connection may forget before its end. It is cut
    again and again, as there may be none yet when the time is up.
    """
    lines: list[socket.socket] = []
    over = threading.Event()

    def hang_up() -> None:
        is_over = over.wait(max(0.0, deadline - time.monotonic()))
        while not is_over:
            for line in (connection.sock, *lines):
                with contextlib.suppress(OSError, AttributeError):
                    line.shutdown(socket.SHUT_RDWR)
            is_over = over.wait(CUT_AGAIN)

    threading.Thread(target=hang_up, daemon=True).start()
    try:
        yield lines
    finally:
        over.set()
