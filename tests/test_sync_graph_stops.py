"""``sync_graph`` that is stopped, killed or started twice, and goes on."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certstates.models import GraphSource, SyncedState
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sync.pages import Page
from certstates.sync.refusals import SyncRefused
from certstates.sync.runs import Run
from tests.graph_source import (
    PAGE,
    cut_off,
    half_a_body,
    line_to,
    pass_on,
    reset,
    says,
    status,
)
from tests.make import make_body

HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture
def line(graph_source):
    with line_to(graph_source.desk.port) as line:
        yield line


@pytest.fixture(autouse=True)
def token(graph_source, settings, monkeypatch):
    settings.GRAPH = {"token": graph_source.token}
    monkeypatch.setattr("certstates.sync.fetching.pause", lambda seconds: None)


def sync(line, **options):
    call_command("sync_graph", base_url=line.url, **{"page_size": PAGE, **options})


def address_of_database():
    known = connection.settings_dict
    host, port = quote(str(known["HOST"]), safe=""), known["PORT"] or 5432
    return f"postgresql://{known['USER']}@{host}:{port}/{known['NAME']}"


def start(line, token):
    """Start the command as a process of its own, on the database of the test."""
    return subprocess.Popen(
        [
            sys.executable, "manage.py", "sync_graph", "--base-url", line.url,
            "--page-size", str(PAGE),
        ],
        cwd=project.BASE_DIR,
        env={
            "PATH": os.defpath,
            "DATABASE_URL": address_of_database(),
            "SECRET_KEY": "x" * 50,
            "GRAPH_TOKEN": token,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


class Held:
    """A fault that holds a page back until somebody lets it go."""

    def __init__(self):
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, handler, answer):
        self.reached.set()
        self.let_go.wait(60)
        with contextlib.suppress(OSError):
            pass_on(handler, answer)


def wait_for_the_lock():
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(HELD)
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.02)
    raise AssertionError("A killed process holds its lock.")


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_and_nobody_else_can_meanwhile(
    graph_source, line, capsys
):
    held = Held()
    line.faults.extend([None, None, held])
    process = start(line, graph_source.token)
    assert held.reached.wait(60)
    with pytest.raises(CommandError, match="Another sync of this source is at work"):
        sync(line)
    sync(line, filter="certificateRevokeStatus eq 'revoked'")  # another source
    process.kill()
    process.communicate()
    held.let_go.set()
    wait_for_the_lock()
    assert GraphSource.objects.get(filter="").pages == 2
    line.asked.clear()
    sync(line)
    assert "Going on after page 2" in capsys.readouterr().err
    assert len(line.asked) == -(-len(graph_source.records()) // PAGE) - 2
    assert is_copied(graph_source)


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_no_page_is_half_there(graph_source, line):
    number = random.Random(7)
    for _ in range(3):
        process = start(line, graph_source.token)
        while not line.asked and process.poll() is None:
            time.sleep(0.01)
        time.sleep(number.uniform(0, 0.3))
        process.kill()
        process.communicate()
        wait_for_the_lock()
        assert State.objects.count() == SyncedState.objects.count()
        found = GraphSource.objects.first()
        if found and found.under_way:
            assert State.objects.count() == found.pages * PAGE
    sync(line)
    assert is_copied(graph_source)


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_says_how_to_go_on(graph_source, line):
    held = Held()
    line.faults.extend([None, held])
    process = start(line, graph_source.token)
    assert held.reached.wait(60)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    held.let_go.set()
    assert process.returncode == 130
    assert errors.endswith("the same command goes on there.\n")
    assert "Traceback" not in errors
    assert graph_source.token not in errors
    assert State.objects.count() == PAGE


@pytest.mark.django_db
def test_a_run_that_was_taken_over_saves_nothing_more():
    source = GraphSource.objects.create(base_url="https://other.example")
    first = Run.of(source, lambda verdict: None, restart=False)
    other = GraphSource.objects.get()
    Run.of(other, lambda verdict: None, restart=False)
    with pytest.raises(SyncRefused, match="has begun meanwhile"):
        first.save(Page([], [], None))
    with pytest.raises(SyncRefused, match="has begun meanwhile"):
        first.complete()


def is_copied(graph_source):
    """Say whether all that is there is here, as it is there, and nothing else is."""
    there = graph_source.records()
    gone = {*SyncedState.objects.gone().values_list("state_id", flat=True)}
    here = {*State.objects.values_list("pk", flat=True)} - gone
    names = dict(State.objects.values_list("pk", "managed_device_display_name"))
    return here == {*there} and all(
        names[id] == record["managedDeviceDisplayName"] for id, record in there.items()
    )


FAULTS = {
    "429": status(429),
    "429, told": status(429, Retry_After="3"),
    "503": status(503),
    "expired": status(410),
    "HTML": says(b"<html>", Content_Type="text/html"),
    "reset": reset,
    "cut off": cut_off,
    "half": half_a_body,
    "forbidden": status(403),
    "none": None,
}
CHANGES = ("create", "change", "remove", "nothing")


def meanwhile(source, change, made):
    if change == "create":
        made.append(source.create(make_body()))
    elif change == "change":
        source.change(
            min(source.records()), managedDeviceDisplayName=os.urandom(4).hex()
        )
    elif change == "remove" and made:
        source.remove(made.pop(0))


@pytest.mark.django_db
@given(
    goes=st.lists(
        st.tuples(
            st.lists(st.sampled_from([*FAULTS]), max_size=8), st.sampled_from(CHANGES)
        ),
        max_size=3,
    )
)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_after_any_faults_and_restarts_the_copy_equals_the_source(
    graph_source, line, goes
):
    made = []
    for names, change in goes:
        line.faults.extend(FAULTS[name] for name in names)
        with contextlib.suppress(CommandError):
            sync(line, retries=1)
        line.faults.clear()
        there = {*graph_source.records()}
        gone = {*SyncedState.objects.gone().values_list("state_id", flat=True)}
        assert not gone & there
        meanwhile(graph_source, change, made)
    sync(line)  # what was under way ends
    sync(line)
    assert is_copied(graph_source)
    for id in made:
        graph_source.remove(id)
