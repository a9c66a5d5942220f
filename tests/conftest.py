"""The people of the tests, and the PostgreSQL that they meet."""

import os

import pytest
from django.conf import settings

from certstates.models import ClientCredentials
from certstates.permissions import READ, READ_WRITE
from tests import graph_source as graph_sources
from tests import key_server, leaks
from tests.identity_provider import identity_provider
from tests.make import ApiClient, HttpsClient, make_token
from tests.sso import introduce


def pytest_configure():
    """Hash passwords fast; the hasher of client secrets is fast as it is."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "certstates.oauth.hashers.ClientSecretHasher",
    ]
    settings.THROTTLE = False  # thousands of tests make more requests than one client
    leaks.watch()


def pytest_collection_finish(session):
    """Listen again: what test modules import may set logging up anew."""
    leaks.LEAKS.listen()


def pytest_runtest_teardown(item):
    leaks.LEAKS.look_after(item.nodeid)


def pytest_sessionfinish(session):
    if leaks.LEAKS.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    for leak in leaks.LEAKS.found:
        terminalreporter.write_line(f"A secret got into {leak}", red=True)


def has_corpus():
    return "ODATA_ABNF_TESTCASES" in os.environ


def has_time(config):
    return "million" in config.option.markexpr


def pytest_report_header(config):
    lines = []
    if not has_corpus():
        lines.append(
            "OData ABNF test cases: not run; ODATA_ABNF_TESTCASES says where they are"
        )
    if not has_time(config):
        lines.append("plans over a million records: not run; -m million does")
    return lines


def pytest_collection_modifyitems(config, items):
    """Leave out what needs a file of others, or much time; see the header."""
    out = {"corpus": not has_corpus(), "million": not has_time(config)}
    names = [name for name, is_out in out.items() if is_out]
    left_out = [i for i in items if any(map(i.get_closest_marker, names))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Run the tests' own cluster, unless DATABASE_URL names a server."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    from project.embedded_postgres import Cluster

    cluster = Cluster(settings.BASE_DIR / ".data", name="test-postgres", durable=False)
    with cluster.running():
        settings.DATABASES["default"].update(cluster.settings)
        yield


@pytest.fixture
def operator(db):
    """Reads and writes."""
    return ApiClient(make_token(READ_WRITE))


@pytest.fixture
def reader(db):
    return ApiClient(make_token(READ))


@pytest.fixture
def writer_app(db):
    """An application with its secret, which reads and writes."""
    return ClientCredentials.register("nightly", scope=READ_WRITE)


@pytest.fixture
def reader_app(db):
    return ClientCredentials.register("report", scope=READ)


@pytest.fixture
def stranger():
    return ApiClient()


@pytest.fixture
def staff(admin_user):
    """The browser of somebody who may do everything in the admin."""
    client = HttpsClient()
    client.force_login(admin_user)
    return client


@pytest.fixture
def upload_directory(settings, tmp_path):
    """Keep what is uploaded in a directory of the test's own."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def key():
    """The identity provider's key; making one takes a while."""
    return key_server.SigningKey("first")


@pytest.fixture
def provider(settings, key, monkeypatch):
    """An identity provider on loopback, the settings' own."""
    # Its port may be that of an earlier one, whose keys are not to be remembered.
    monkeypatch.setattr("certstates.oidc.keys._caches", {})
    with key_server.running() as server:
        server.keys = [key]
        settings.OIDC_ISSUER = server.issuer
        settings.OIDC_AUDIENCE = [key_server.AUDIENCE]
        yield server


@pytest.fixture(scope="session")
def running_idp():
    with identity_provider() as running:
        yield running


@pytest.fixture
def idp(running_idp, settings, monkeypatch):
    """An identity provider on loopback, at which the settings let staff sign in."""
    return introduce(running_idp, settings, monkeypatch)


@pytest.fixture(scope="session")
def graph_source():
    """Another instance of this server, with records to copy."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("needs the embedded database")
    with graph_sources.graph_source() as source:
        yield source
