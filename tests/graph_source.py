"""Another instance of this server, with records, and a faulty line to it.

The line is a proxy: it forwards what it is asked, unless a fault is due. Whoever talks
through it sees its address in every link, as the server takes it for its own.
"""

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
import urllib.parse
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from certstates.addresses import COLLECTION
from tests.desk import desk_of_ones_own

RECORDS = 90
PAGE = 20
JSON = "application/json"


class Source:
    """A running server; ``url`` is its service root."""

    def __init__(self, desk, serving):
        self.desk, self.serving, self.token = desk, serving, serving.token
        self.url = f"{serving.url}/beta"

    def send(self, method, path="", body=None):
        """Send a request to the collection; return status and JSON."""
        address = urllib.parse.urlsplit(f"{self.url}/{COLLECTION}{path}")
        connection = http.client.HTTPConnection(address.netloc, timeout=20)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.token}"}
            if body is not None:
                headers["Content-Type"] = JSON
            target = address.path + (f"?{address.query}" if address.query else "")
            text = None if body is None else json.dumps(body)
            connection.request(method, target, text, headers)
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status < 300, content
        return json.loads(content) if content else None

    def change(self, id, **body):
        self.send("PATCH", f"/{id}", body)

    def remove(self, id):
        self.send("DELETE", f"/{id}")

    def create(self, body):
        return self.send("POST", "", body)["id"]

    def records(self):
        """Return all records by their ids, without what only this server knows."""
        page = self.send("GET", "?$top=1000")
        assert "@odata.nextLink" not in page
        return {record["id"]: record for record in page["value"]}


@contextlib.contextmanager
def graph_source():
    with desk_of_ones_own() as desk, desk.up() as serving:
        code, _, errors = desk.run("seed_states", "--count", str(RECORDS))
        assert code == 0, errors
        yield Source(desk, serving)


class Line:
    """A proxy before a source. ``faults`` are due one by one, with each request.

    A fault is a function of the handler and of what the server answered, or None.
    """

    def __init__(self, port):
        self.port = port
        self.faults = deque()
        self.asked = []  # (path with query, headers)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/beta"

    @property
    def tokens(self):
        return [headers.get("Authorization") for _, headers in self.asked]

    def next_fault(self):
        return self.faults.popleft() if self.faults else None


def handler_of(line):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            line.asked.append((self.path, dict(self.headers)))
            fault = line.next_fault()
            if getattr(fault, "goes_first", False):
                fault(self, None)
                return
            answer = forwarded(self, line.port)
            (fault or pass_on)(self, answer)

        def log_message(self, *_):
            pass

    return Handler


def forwarded(handler, port):
    """Return (status, headers, body) of the server behind."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        headers = {n: v for n, v in handler.headers.items() if n != "Accept-Encoding"}
        connection.request("GET", handler.path, headers=headers)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, headers, answer.read()


def pass_on(handler, answer):
    status, headers, body = answer
    reply(handler, status, body, **headers)


def reply(handler, status, body, length=None, **headers):
    handler.send_response(status)
    given = {name.lower(): value for name, value in headers.items()}
    number = str(len(body) if length is None else length)
    sent = {"content-type": JSON, **given, "connection": "close"}
    for name, value in {**sent, "content-length": number}.items():
        if name not in {"date", "server", "transfer-encoding"}:
            handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


# --- Faults --------------------------------------------------------------------------


def first(fault):
    """Mark a fault that happens before the server behind is asked."""
    fault.goes_first = True
    return fault


def status(number, *, code="TooManyRequests", **headers):
    error = {"error": {"code": code, "message": "Said by the line."}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    @first
    def fault(handler, _):
        reply(handler, number, json.dumps(error).encode(), **named)

    return fault


def says(body, **headers):
    """Answer 200 with something else."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    @first
    def fault(handler, _):
        reply(handler, 200, content, **named)

    return fault


def changed(change):
    """Answer what the server said, after ``change`` has had the page."""

    def fault(handler, answer):
        number, headers, body = answer
        page = json.loads(body)
        page = change(page) or page
        reply(handler, number, json.dumps(page).encode(), **headers)

    return fault


def cut_off(handler, answer):
    """Announce the whole body, and send half of it."""
    number, headers, body = answer
    half = body[: len(body) // 2]
    reply(handler, number, half, length=len(body), **headers)


def half_a_body(handler, answer):
    """Send half of the JSON as if it were the whole."""
    number, headers, body = answer
    reply(handler, number, body[: len(body) // 2], **headers)


@first
def reset(handler, _):
    """Break the connection off as a crashed peer would."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def slow(seconds):
    def fault(handler, answer):
        time.sleep(seconds)
        with contextlib.suppress(OSError):
            pass_on(handler, answer)

    return fault


@contextlib.contextmanager
def line_to(port):
    line = Line(port)
    thread = threading.Thread(target=line.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.server.shutdown()
        line.server.server_close()
        thread.join()
