"""Somebody else's test suite: one line of pip, and a server is there."""

import os
import subprocess
import sys
import venv

import pytest

from tests.desk import desk_of_ones_own

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

SUITE = """
import json
import sys
import urllib.error
import urllib.request

import pytest

URL = "/beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"


def get(server, path=URL):
    request = urllib.request.Request(server.base_url + path, headers=server.headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_there_are_records(certstates):
    assert len(get(certstates)["value"]) == 42
    assert "django" not in sys.modules
    certstates.reset("empty")
    certstates.fault("503; retry-after=1", next=1)


def test_each_test_begins_anew(certstates):
    assert len(get(certstates)["value"]) == 42


def test_a_retry_is_needed(certstates):
    certstates.fault("429; retry-after=1", method="GET", next=1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(certstates)
    assert refused.value.code == 429
    assert refused.value.headers["Retry-After"] == "1"
    refused.value.close()
    assert len(get(certstates)["value"]) == 42


def test_a_snapshot_is_restored(certstates_server):
    certstates_server.reset("expiring")
    name = certstates_server.snapshot()
    certstates_server.reset("empty")
    certstates_server.restore(name)
    assert len(get(certstates_server)["value"]) == 26
"""


def test_it_starts_and_stops_a_server_in_another_environment(tmp_path):
    with desk_of_ones_own() as desk:
        python = environment(tmp_path / "venv", desk.path)
        suite = tmp_path / "suite"
        suite.mkdir()
        (suite / "test_theirs.py").write_text(SUITE)
        before = {*desk.path.iterdir()}
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
            cwd=suite,
            # A suite of a Django project has settings and a database of its own.
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "theirs", "DATABASE_URL": "sqlite://"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "4 passed" in done.stdout
        desk.wait_until_nothing_runs()
        new = {path.name for path in desk.path.iterdir()} - {p.name for p in before}
        assert new <= {".data"}


def environment(path, checkout):
    """Make a virtual environment with pytest and this plugin; return its Python."""
    venv.create(path, with_pip=True)
    python = path / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-input", "pytest"]
    done = subprocess.run(
        [*install, "-e", checkout], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "Django" not in listed.stdout
    return python


def test_it_does_nothing_where_it_is_not_used():
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-c"),
            "import sys, certstates.testbench.plugin; 'django' in sys.modules and 1/0",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
