"""``manage.py up``, as a newcomer runs it."""

import contextlib
import copy
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from certstates.addresses import COLLECTION
from tests.desk import Serving, desk_of_ones_own, fetch, free_port, somebody_else

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

RECORDS = f"/beta/{COLLECTION}"


@pytest.fixture(params=["myself", "nobody"])
def desk(request):
    account = somebody_else() if request.param == "nobody" else None
    with desk_of_ones_own(account=account) as desk:
        yield desk


def test_a_newcomer_posts_a_record_and_everything_stops_with_the_command(desk):
    with desk.up() as serving:
        token = serving.said(r"bearer token +(\S+)")
        assert serving.said(r"admin user +(\S+)") == "admin"
        assert len(serving.said(r"password +(\S+)")) >= 16
        assert "Loaded 42 records" in serving.words

        curl = serving.words[serving.words.index("curl") :].partition("\n\n")[0]
        words = shlex.split(curl)
        assert words[2] == f"{desk.url}{RECORDS}"
        answer = post(words)
        record = f"{desk.url}{RECORDS}/{answer['id']}"
        authorised = {"Authorization": f"Bearer {token}"}
        status, body = fetch(record, **authorised)
        assert status == 200
        assert json.loads(body) == answer

        for path in ("/", "/docs/", "/admin/login/"):
            assert fetch(desk.url + path)[0] == 200
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', fetch(desk.url)[1]):
            assert fetch(desk.url + path)[0] == 200

        # Another command finds the database while it runs,
        code, other_token, _ = desk.run("create_token", "other")
        assert code == 0
        assert fetch(record, Authorization=f"Bearer {other_token.strip()}")[0] == 200
    desk.wait_until_nothing_runs()
    assert serving.process.returncode == 0

    # and when it does not.
    code, third_token, _ = desk.run("create_token", "third")
    assert code == 0
    desk.wait_until_nothing_runs()

    began = time.monotonic()
    with desk.up(stop=signal.SIGINT) as serving:
        took = time.monotonic() - began
        assert "Shown only this once" not in serving.words
        assert "Loaded" not in serving.words
        assert fetch(record, Authorization=f"Bearer {third_token.strip()}")[0] == 200
    assert took < 10  # on any machine; three seconds is the aim


def post(curl):
    """Do what the printed curl command does (curl itself may not be installed)."""
    data = curl[curl.index("-d") + 1].encode()
    headers = [curl[n + 1] for n, word in enumerate(curl) if word == "-H"]
    request = urllib.request.Request(
        curl[2], data, dict(header.split(": ") for header in headers)
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 201
        return json.load(response)


def test_after_a_kill_the_next_up_leaves_no_orphan(desk):
    with desk.up(stop=signal.SIGKILL):
        [postgres] = [p for p in desk.server_processes() if "postgres" in p]
    desk.wait_until_nothing_runs(but=1)  # the workers end by themselves
    assert desk.server_processes() == [postgres]
    with desk.up() as serving:
        assert [p for p in desk.server_processes() if "postgres" in p] == [postgres]
        assert fetch(desk.url)[0] == 200
        assert "Shown only this once" not in serving.words
    desk.wait_until_nothing_runs()


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_a_closed_terminal_stops_everything(desk):
    with desk.up(stop=signal.SIGHUP) as serving:
        assert fetch(desk.url)[0] == 200
    assert serving.process.returncode == 0


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_two_first_starts_at_once_share_one_database(desk):
    other = copy.copy(desk)
    other.port = free_port()
    with desk.start("up", "--port", str(desk.port)) as first, other.up() as second:
        words = Serving(first).words + second.words
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)
    assert words.count("Shown only this once") == 1
    assert words.count("Loaded 42 records") == 1


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_two_starts_at_once_do_not_share_a_port(desk):
    port = str(desk.port)
    with (
        desk.start("up", "--port", port) as one,
        desk.start("up", "--port", port) as two,
    ):
        deadline = time.monotonic() + 30
        while one.poll() is two.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        loser, winner = (one, two) if one.poll() is not None else (two, one)
        assert loser.returncode == 1
        assert f"Port {port} is taken" in loser.stderr.read()
        Serving(winner)
        winner.send_signal(signal.SIGTERM)
        winner.communicate(timeout=60)


def test_chunked_bodies_arrive_whole_and_too_large_ones_do_not(desk):
    with desk.up() as serving:
        token = serving.said(r"bearer token +(\S+)")
        body = b'{"x": "' + b"y" * 100 + b'"}'
        assert b"UnknownProperty" in send_chunked(desk, token, body)
        large = b'{"x": "' + b"y" * 2_000_000 + b'"}'
        assert b"RequestEntityTooLarge" in send_chunked(desk, token, large)


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_no_second_request_hides_in_the_body_of_the_first(desk):
    hidden = b"GET /beta/hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
    bodies = [
        # What counts is the chunks; the length, which would end earlier, does not.
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", chunk),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunk),
        (b"Content-Length: 0\r\nContent-Length: 62\r\n", hidden),
        (b"Content-Length: +5\r\n", hidden),
        (b"Transfer-Encoding: chunked, identity\r\n", chunk),
        (b"Transfer-Encoding : chunked\r\n", chunk),
    ]
    with desk.up():
        for framing, body in bodies:
            assert exchange(desk, framing, body).count(b"HTTP/1.1 ") == 1, framing


def exchange(desk, framing, body):
    """Send a request and what follows it; return all that is answered."""
    head = b"POST /beta/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n" + framing
    with socket.create_connection(("127.0.0.1", desk.port), timeout=2) as connection:
        connection.sendall(head + b"\r\n" + body)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
        return answer


def send_chunked(desk, token, body):
    head = (
        f"POST {RECORDS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunks = [body[n : n + 60_000] for n in range(0, len(body), 60_000)]
    with socket.create_connection(("127.0.0.1", desk.port), timeout=10) as connection:
        connection.sendall(head.encode())
        for chunk in chunks:
            connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        connection.sendall(b"0\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_taken_port_is_explained(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", desk.port))
        taken.listen()
        code, out, err = desk.run("up", "--port", str(desk.port))
    assert code == 1
    assert f"Port {desk.port} is taken" in err
    assert "--port" in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
@pytest.mark.parametrize("answer", ["no\n", ""])
def test_reset_asks_first(desk, answer):
    desk.run("migrate")
    code, _, err = desk.run("up", "--reset", "--port", str(desk.port), feed=answer)
    assert code == 1
    assert "Nothing was deleted" in err
    assert (desk.path / ".data" / "postgres" / "PG_VERSION").exists()


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_reset_begins_anew(desk):
    assert desk.run("migrate")[0] == 0
    arguments = ("up", "--reset", "--port", str(desk.port))
    with desk.start(*arguments, stdin=subprocess.PIPE) as process:
        process.stdin.write("yes\n")
        process.stdin.flush()
        words = ""
        while "Ctrl-C" not in words:
            words += process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert "The database is deleted" in words
    assert "Shown only this once" in words


@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_reset_is_refused_while_another_command_uses_the_database(desk):
    with desk.up():
        other = str(free_port())
        code, _, err = desk.run("up", "--reset", "--port", other, feed="yes\n")
    assert code == 1
    assert "in use by another command" in err
