"""The private cluster: started, shared, adopted, stopped, and never in anyone's way."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from project import unprivileged
from project.embedded_postgres import Cluster, EmbeddedPostgresError
from tests.desk import somebody_else

HOLD = """
import sys
from pathlib import Path
from project.embedded_postgres import Cluster
with Cluster(Path(sys.argv[1]), durable=False).running():
    print("running", flush=True)
    sys.stdin.read()
"""

is_root = os.geteuid() == 0


@pytest.fixture
def place():
    """A directory that every account may pass, with a space and an umlaut."""
    top = Path(tempfile.mkdtemp(prefix="certstates test ü ", dir="/tmp"))
    top.chmod(0o755)
    yield top
    with contextlib.suppress(EmbeddedPostgresError):
        Cluster(top / ".data").delete()
    shutil.rmtree(top)


@pytest.fixture
def cluster(place):
    return Cluster(place / ".data", durable=False)


def connect(cluster):
    where = cluster.settings
    names = {"dbname": where["NAME"], "user": where["USER"]}
    return psycopg.connect(host=where["HOST"], **names)


def ask(cluster, sql):
    with connect(cluster) as connection:
        return connection.execute(sql).fetchone()[0]


def postmaster(cluster):
    """Return the pid of the server that runs on the cluster's data, or None."""
    return cluster._recorded_pid() if cluster._is_running() else None


@contextlib.contextmanager
def holder(cluster, *, stop=signal.SIGTERM, **options):
    """Have another process use the cluster, and end it by a signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cluster.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        **options,
    )
    with process:
        try:
            assert process.stdout.readline() == b"running\n"
            yield process
        finally:
            process.send_signal(stop)
            process.stdin.close()


def test_a_cluster_runs_inside_the_block_and_not_after_it(cluster):
    with cluster.running():
        assert ask(cluster, "SELECT 'Grüße 末'") == "Grüße 末"
        assert ask(cluster, "SHOW server_version") == cluster.version
        assert ask(cluster, "SHOW listen_addresses") == ""
        assert ask(cluster, "SHOW server_encoding") == "UTF8"
        assert ask(cluster, "SHOW timezone") == "UTC"
        assert ask(cluster, "SHOW is_superuser") == "off"
        locale = "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        assert ask(cluster, locale) == "C.UTF-8"
    assert postmaster(cluster) is None
    assert not cluster.socket_dir.exists()


def test_data_are_kept_and_durable_unless_told_otherwise(place):
    with Cluster(place / ".data").running():
        pass
    cluster = Cluster(place / ".data")
    with cluster.running():
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(cluster, f"SHOW {setting}") == "on"
        with connect(cluster) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with cluster.running():
        assert ask(cluster, "SELECT n FROM kept") == 7


def test_nobody_else_may_enter_the_directory_of_the_socket(cluster):
    with cluster.running():
        assert stat.S_IMODE(cluster.socket_dir.stat().st_mode) == 0o700


def test_the_last_to_leave_stops_the_server(cluster):
    with cluster.running():
        first = postmaster(cluster)
        with holder(cluster):
            assert postmaster(cluster) == first
        assert postmaster(cluster) == first
    assert postmaster(cluster) is None


def test_whoever_stays_keeps_it_running(cluster):
    with contextlib.ExitStack() as stack:
        with cluster.running():
            first = postmaster(cluster)
            stack.enter_context(holder(cluster))
        assert postmaster(cluster) == first
    assert postmaster(cluster) is None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server_too(cluster, end):
    with holder(cluster, stop=end, stderr=subprocess.DEVNULL):
        assert postmaster(cluster)
    assert postmaster(cluster) is None


@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9, 1.2, 1.5])
def test_a_signal_in_the_middle_of_starting_leaves_no_orphan(cluster, delay):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cluster.home)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGTERM)
    assert postmaster(cluster) is None


def test_a_server_whose_user_was_killed_is_adopted_and_then_stopped(cluster):
    with holder(cluster, stop=signal.SIGKILL):
        orphan = postmaster(cluster)
    assert postmaster(cluster) == orphan
    with cluster.running():
        assert postmaster(cluster) == orphan
    assert postmaster(cluster) is None


def test_a_server_that_was_killed_is_replaced(cluster):
    with holder(cluster, stop=signal.SIGKILL):
        os.kill(postmaster(cluster), signal.SIGKILL)
    with cluster.running():
        assert ask(cluster, "SELECT 1") == 1


def test_a_stranger_with_the_pid_of_a_dead_server_is_left_alone(cluster):
    with cluster.running():
        pid_file = (cluster.data_dir / "postmaster.pid").read_text()
    stranger = subprocess.Popen(["sleep", "60"], **cluster._account.process_options)
    with stranger:
        lines = [str(stranger.pid), *pid_file.split("\n")[1:]]
        (cluster.data_dir / "postmaster.pid").write_text("\n".join(lines))
        with cluster.running():
            assert ask(cluster, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.terminate()


def test_a_cluster_whose_making_was_cut_off_is_made_anew(cluster):
    half_made = cluster.home / "postgres.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with cluster.running():
        assert ask(cluster, "SELECT 1") == 1


def test_deleting_is_refused_while_somebody_uses_it(cluster):
    with holder(cluster):
        with pytest.raises(EmbeddedPostgresError, match="in use"):
            cluster.delete()
        assert postmaster(cluster)
    cluster.delete()
    assert not cluster.data_dir.exists()


def test_data_of_another_version_are_explained(cluster):
    with cluster.running():
        pass
    (cluster.data_dir / "PG_VERSION").write_text("17\n")
    explained = pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 17")
    with explained, cluster.running():
        pass


def test_a_server_that_cannot_start_shows_its_last_words(cluster):
    with cluster.running():
        pass
    (cluster.data_dir / "postgresql.conf").write_text("nonsense = on\n")
    with pytest.raises(EmbeddedPostgresError, match="nonsense"), cluster.running():
        pass


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_an_open_directory_in_the_sockets_place_is_not_used(cluster, mode):
    cluster.socket_dir.mkdir()
    cluster.socket_dir.chmod(mode)
    refused = pytest.raises(EmbeddedPostgresError, match="not a private directory")
    with refused, cluster.running():
        pass


def test_without_the_wheel_database_url_is_pointed_to(cluster, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddedPostgresError, match="DATABASE_URL"):
        cluster.version  # noqa: B018 -- it is the property that raises


@pytest.mark.parametrize(
    "environment",
    [{}, {"LANG": "de_DE.UTF-8", "LC_ALL": "xx_XX"}, {"TMPDIR": "/nowhere", "TZ": "X"}],
    ids=["empty", "foreign locale", "odd"],
)
def test_the_callers_environment_does_not_matter(cluster, environment):
    with holder(cluster, env=environment):
        assert ask(cluster, "SELECT lower('Ä')") == "ä"


def test_data_of_another_account_are_explained(cluster, place):
    stranger = somebody_else()
    os.chown(place, 1, 1)  # so that nobody is not the owner
    with cluster.running():
        pass
    done = subprocess.run(
        [sys.executable, "-c", HOLD, str(cluster.home)],
        **stranger.process_options,
        check=False,
        capture_output=True,
        cwd=settings.BASE_DIR,
        text=True,
    )
    assert "belongs to another account" in done.stderr


@pytest.mark.skipif(not is_root, reason="needs root: PostgreSQL refuses to run as root")
def test_root_runs_it_as_nobody_without_opening_any_directory(place):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / ".data", durable=False)
    before = {d: d.stat().st_mode for d in (closed, *closed.parents)}
    try:
        with cluster.running():
            assert ask(cluster, "SELECT 1") == 1
            uid = Path(f"/proc/{postmaster(cluster)}").stat().st_uid
            assert uid == unprivileged.account_for(Path("/x"), checkout=closed).uid != 0
            assert cluster.data_dir.is_relative_to(unprivileged.SYSTEM_HOME)
        assert {d: d.stat().st_mode for d in before} == before
        with cluster.running():  # and it is found again
            assert ask(cluster, "SELECT 1") == 1
    finally:
        data_dir = cluster.data_dir
        cluster.delete()
    assert not data_dir.parent.exists()


@pytest.mark.skipif(not is_root, reason="needs root: gives the checkout to somebody")
def test_root_runs_it_as_the_owner_of_the_checkout(cluster, place):
    os.chown(place, 1, 1)
    with cluster.running():
        assert cluster.data_dir.stat().st_uid == 1
