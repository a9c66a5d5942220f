"""Several processes serve; each can tell what all of them did. And a database stops."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certstates.addresses import COLLECTION
from project.embedded_postgres import Cluster
from tests.desk import desk_of_ones_own, fetch, free_port
from tests.test_metrics import samples

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

RECORDS = f"/beta/{COLLECTION}"
NAME = "certstates_http_requests_total"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with desk_of_ones_own() as desk:
        desk.environment["TMPDIR"] = str(tmp_path_factory.mktemp("tmp"))
        yield desk


@pytest.fixture(scope="module")
def serving(desk):
    with desk.up() as serving:
        yield serving


class Production:
    """granian as the README starts it, behind a proxy: the test."""

    def __init__(self, desk, token, *, workers):
        self.desk, self.token = desk, token
        self.workers = workers
        self.url = f"http://127.0.0.1:{free_port()}"

    @contextlib.contextmanager
    def running(self):
        sockets = Cluster(self.desk.path / ".data").socket_dir
        program = Path(sys.prefix, "bin", "granian")
        port = self.url.rpartition(":")[2]
        with subprocess.Popen(
            [
                program, "--interface", "wsgi", "--workers", str(self.workers),
                "--blocking-threads", "2", "--respawn-failed-workers",
                "--log-level", "warning", "--port", port, "project.wsgi:application",
            ],
            cwd=self.desk.path,
            env={
                **self.desk.environment,
                "SECRET_KEY": "x",
                "DATABASE_URL": f"postgresql://certstates@/certstates?host={sockets}",
                "BEHIND_TLS_PROXY": "on",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as self.process:  # fmt: skip
            try:
                self.await_answer()
                yield self
            finally:
                os.killpg(self.process.pid, signal.SIGTERM)
                try:
                    self.process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    os.killpg(self.process.pid, signal.SIGKILL)
                    raise

    def await_answer(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if fetch(f"{self.url}/healthz")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("no answer")

    def get(self, path):
        return fetch(
            self.url + path,
            Authorization=f"Bearer {self.token}",
            **{"X-Forwarded-Proto": "https"},
        )


def counted(get, **labels):
    status, text = get("/metrics")
    assert status == 200, text
    return samples(text).get((NAME, *sorted(labels.items())), 0)


LISTS = {"method": "GET", "route": f"/{COLLECTION}", "status": "200"}


def test_requests_to_any_worker_add_up_exactly(desk, serving):
    token = serving.token
    with Production(desk, token, workers=2).running() as production:
        for number in range(1, 41):
            assert production.get(f"{RECORDS}?$top=1")[0] == 200
            if number % 10 == 0:
                assert counted(production.get, **LISTS) == number
        slots = [*Path(desk.environment["TMPDIR"]).rglob("*.slot")]
        assert {path.name for path in slots} >= {"0.slot", "1.slot"}


def test_two_servers_on_one_machine_do_not_mix(desk, serving):
    def up(path):
        return fetch(serving.url + path, Authorization=f"Bearer {serving.token}")

    for _ in range(10):
        assert up(f"{RECORDS}?$top=1")[0] == 200
    assert counted(up, **LISTS) == 10
    with Production(desk, serving.token, workers=1).running() as production:
        assert counted(production.get, **LISTS) == 0
    assert counted(up, **LISTS) == 10


def test_a_server_that_has_ended_leaves_its_counts_to_the_next_to_remove(desk, serving):
    fetch(serving.url)
    with Production(desk, serving.token, workers=1).running() as first:
        assert first.get("/beta")[0] == 200
    with Production(desk, serving.token, workers=1).running() as second:
        assert second.get("/beta")[0] == 200
        places = [*Path(desk.environment["TMPDIR"]).rglob("certstates-server-*")]
        assert len(places) == 2  # that of up, and this one's


def test_a_database_that_hangs_is_told_in_time_and_forgiven(desk, serving):
    assert fetch(f"{serving.url}/readyz") == (200, '{"status": "ok"}')
    postmaster = int(
        (desk.path / ".data" / "postgres" / "postmaster.pid").read_text().split()[0]
    )
    time.sleep(1.1)
    os.kill(postmaster, signal.SIGSTOP)
    try:
        began = time.monotonic()
        status, body = fetch(f"{serving.url}/readyz")
        took = time.monotonic() - began
        assert (status, json.loads(body)["missing"]) == (503, ["database"])
        assert took < 8
        assert fetch(f"{serving.url}/healthz")[0] == 200
    finally:
        os.kill(postmaster, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while fetch(f"{serving.url}/readyz")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
