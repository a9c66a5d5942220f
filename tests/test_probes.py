"""``/healthz`` and ``/readyz``: asked by anybody, in any way, and answered in time."""

import contextlib
import logging
import socket
import time

import pytest
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from certstates.monitoring import probes
from tests.make import ApiClient, error_of

OK = {"status": "ok"}


@pytest.fixture
def anew(monkeypatch):
    """Let nothing be remembered of another test's database."""
    monkeypatch.setattr(probes, "readiness", probes.Readiness())


@pytest.fixture
def silent():
    """An address that takes connections, and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()


def unavailable(*missing):
    return {"status": "unavailable", "missing": [*missing]}


@contextlib.contextmanager
def database_at(host, port, monkeypatch):
    with monkeypatch.context() as moved:
        moved.setitem(connections.settings["default"], "HOST", host)
        moved.setitem(connections.settings["default"], "PORT", port)
        yield


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_probe_comes_by_an_address_over_plain_http(transactional_db, path, method):
    client = Client(headers={"Host": "10.1.2.3:8000"})
    response = getattr(client, method)(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in response.headers
    assert not response.cookies
    if method == "get":
        assert response.json() == OK


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_what_is_no_probe_is_refused_as_everywhere(path):
    response = ApiClient().post(path)
    error_of(response, 405, "MethodNotAllowed")
    assert response.headers["Allow"] == "GET, HEAD"
    error_of(ApiClient().get(f"{path}/"), 400, "BadRequest")


def test_a_probe_is_no_line_in_the_log(transactional_db, caplog, anew):
    with caplog.at_level(logging.INFO):
        for path in ("/healthz", "/readyz"):
            assert ApiClient().get(path).status_code == 200
    assert not caplog.records


def test_health_asks_no_database(monkeypatch, silent, django_assert_num_queries):
    with database_at("127.0.0.1", silent[1], monkeypatch):
        assert ApiClient().get("/healthz").json() == OK


def test_without_a_database_it_is_not_ready(anew, monkeypatch, db, caplog):
    with database_at("127.0.0.1", 1, monkeypatch):
        response = ApiClient().get("/readyz")
    assert response.status_code == 503
    assert response.json() == unavailable("database")
    assert response.headers["Retry-After"] == "1"
    assert [r.message for r in caplog.records] == ["Not ready: database."]


def test_a_silent_database_is_not_waited_for(anew, monkeypatch, silent, db):
    with database_at("127.0.0.1", silent[1], monkeypatch):
        began = time.monotonic()
        for _ in range(2):
            response = ApiClient().get("/readyz")
            assert response.json() == unavailable("database")
    assert time.monotonic() - began < 12
    # The check is over too, some time: nothing is piled up.
    assert probes.readiness.current().done.wait(30)


def test_it_is_ready_again_when_the_database_is(anew, monkeypatch, transactional_db):
    with database_at("127.0.0.1", 1, monkeypatch):
        assert ApiClient().get("/readyz").status_code == 503
    monkeypatch.setattr(probes, "REMEMBERED", 0)
    assert ApiClient().get("/readyz").json() == OK


def test_a_database_of_an_older_release_is_not_ready(
    anew, monkeypatch, transactional_db
):
    monkeypatch.setattr(probes, "REMEMBERED", 0)
    recorder = MigrationRecorder(connection)
    [newest] = MigrationLoader(connection).graph.leaf_nodes("certstates")
    recorder.record_unapplied(*newest)
    try:
        response = ApiClient().get("/readyz")
        assert response.status_code == 503
        assert response.json() == unavailable("migrations")
    finally:
        recorder.record_applied(*newest)
    assert ApiClient().get("/readyz").json() == OK


def test_whoever_asks_often_asks_the_same_check(anew, monkeypatch, transactional_db):
    looked = []
    look = probes.Check.run
    monkeypatch.setattr(
        probes.Check, "run", lambda check: looked.append(1) or look(check)
    )
    monkeypatch.setattr(probes, "REMEMBERED", 60)
    for _ in range(5):
        assert ApiClient().get("/readyz").status_code == 200
    assert len(looked) == 1
