"""Where workers count: one slot each, and the next goes on where one has died."""

import contextlib
import os
import subprocess
import sys

import pytest
from django.conf import settings

COUNT = """
import django, sys
django.setup()
from certstates.monitoring.requests import own
own.meters().count("GET", "/", status=200, seconds=0.1)
print("counted", flush=True)
sys.stdin.read()
"""
TOTAL = """
import django
django.setup()
from prometheus_client import generate_latest
from certstates.monitoring.views import MultiProcessCollector, CollectorRegistry, slots
registry = CollectorRegistry()
MultiProcessCollector(registry, str(slots.own.slot().directory))
print(generate_latest(registry).decode())
"""
SAMPLE = 'certstates_http_requests_total{method="GET",route="/",status="200"} '


@pytest.fixture
def environment(tmp_path):
    return {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
        "SECRET_KEY": "x",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "METRICS_DIR": str(tmp_path / "metrics"),
    }


@contextlib.contextmanager
def worker(environment):
    """Run a process that has counted one request, and kill it in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", COUNT],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "counted\n"
        try:
            yield
        finally:
            process.kill()


def total(environment):
    done = subprocess.run(
        [sys.executable, "-c", TOTAL],
        check=True,
        capture_output=True,
        env=environment,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(SAMPLE)]
    return float(lines[0].removeprefix(SAMPLE)) if lines else 0


def test_the_next_worker_goes_on_where_one_was_killed(environment, tmp_path):
    with worker(environment):
        with worker(environment):
            assert total(environment) == 2
        with worker(environment):
            assert total(environment) == 3
        files = sorted(path.name for path in tmp_path.rglob("counter_*.db"))
        assert files == ["counter_0.db", "counter_1.db", "counter_2.db"]
    assert total(environment) == 0  # nobody is left: a new server


def test_a_torn_file_is_begun_anew(environment, tmp_path):
    with worker(environment):
        with worker(environment):
            pass
        [torn] = tmp_path.rglob("counter_1.db")
        torn.write_bytes(b"\xff" * 5000)
        with worker(environment):
            assert total(environment) == 2


def test_nothing_else_in_its_directory_is_touched(environment, tmp_path):
    other = tmp_path / "metrics" / "somebody's"
    other.mkdir(parents=True)
    (other / "counter_0.db").touch()
    with worker(environment):
        assert (other / "counter_0.db").exists()
