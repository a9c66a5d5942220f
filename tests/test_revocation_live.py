"""A revoked token is refused by every worker of a running server, within a second."""

import contextlib
import http.client
import os
import time
from pathlib import Path

import pytest

from project.server import MOST_WORKERS
from tests.desk import desk_of_ones_own
from tests.make import URL

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

WORKERS = min(os.cpu_count() or 1, MOST_WORKERS)
REQUESTS = 60
DELETE = """
from oauth2_provider.models import AccessToken
AccessToken.objects.filter(application__name="ci").delete()
"""
WAYS = {
    "by its application": lambda desk, raw: desk.run("revoke_token", "ci", "--yes"),
    "by itself": lambda desk, raw: desk.run("revoke_token", "--stdin", feed=raw),
    "in the database": lambda desk, raw: desk.run("shell", "-c", DELETE),
}


@pytest.fixture(scope="module")
def running():
    with desk_of_ones_own() as desk, desk.up() as serving:
        yield desk, serving.process.pid


def children_of(pid):
    """Return the processes that a process has started, with theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [child, *children_of(child)]
    return found


def accepted_by(pids, port):
    """Return which of the processes holds the other end of a connection from here."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines())
    # 01 is an established connection; others may linger under the same number.
    [inode] = {
        line[9]
        for line in lines
        if line[2].endswith(f":{port:04X}") and line[3] == "01" and line[9] != "0"
    }
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if str(handle.readlink()) == f"socket:[{inode}]":
                    return pid
    raise AssertionError("nobody has accepted the connection")


def ask(running, raw):
    """Ask over a connection of its own; return the status and who answered."""
    desk, server = running
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=10)
    connection.request("GET", URL, headers={"Authorization": f"Bearer {raw}"})
    response = connection.getresponse()
    response.read()
    worker = accepted_by(children_of(server), connection.sock.getsockname()[1])
    connection.close()
    return response.status, worker


@pytest.mark.parametrize("way", WAYS)
def test_a_revoked_token_is_refused_by_every_worker_within_a_second(running, way):
    desk, _ = running
    raw = desk.run("create_token", "ci")[1].strip()
    before = [ask(running, raw) for _ in range(REQUESTS)]
    assert {status for status, _ in before} == {200}
    assert len({worker for _, worker in before}) == WORKERS

    code, out, err = WAYS[way](desk, raw)
    assert code == 0, out + err
    time.sleep(1)

    after = [ask(running, raw) for _ in range(REQUESTS)]
    assert {status for status, _ in after} == {401}
    assert {worker for _, worker in after} == {worker for _, worker in before}
