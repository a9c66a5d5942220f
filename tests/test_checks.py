"""What `manage.py check` says, and what works without an extension."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.utils import timezone

from certstates import checks
from certstates.copying import copy_rows
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.seeding.rows import make_rows
from tests.make import make_state

pytestmark = pytest.mark.django_db

INDEX = checks.TRIGRAM_INDEX


def indexes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()}


def run_migration(module="certstates.migrations.0002_indexes"):
    from importlib import import_module

    with connection.schema_editor(atomic=False) as editor:
        import_module(module).create_trigram_index(None, editor)


def test_nothing_is_said_where_the_index_is_there():
    assert INDEX in indexes()
    assert checks.check_trigram_index(None) == []


def test_without_the_index_it_is_said_what_is_lost(admin_client):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {INDEX}")
    [info] = checks.check_trigram_index(None)
    assert info.id == "certstates.I001"
    assert "pg_trgm" in info.hint

    make_state(managed_device_display_name="LAPTOP-9")
    url = "/admin/certstates/managedalldevicecertificatestate/"
    for text, found in (("laptop", 1), ("top-9", 0)):
        response = admin_client.get(url, {"q": text}, secure=True)
        assert len(response.context["cl"].result_list) == found


class Refusing:
    """A cursor to which the extension is not there, or not permitted."""

    def __init__(self, cursor, *, available):
        self.cursor, self.available = cursor, available

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.cursor.close()

    def execute(self, sql, *parameters):
        if "CREATE EXTENSION" in sql:
            raise ProgrammingError("permission denied to create extension")
        self.cursor.execute(sql, *parameters)

    def fetchone(self):
        return self.cursor.fetchone() if self.available else None


@pytest.mark.parametrize("available", [True, False])
def test_the_migration_goes_on_without_the_extension(monkeypatch, available):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {INDEX}")
    make_cursor = connection.cursor
    refusing = lambda: Refusing(make_cursor(), available=available)  # noqa: E731
    monkeypatch.setattr(connection, "cursor", refusing)
    run_migration()
    monkeypatch.undo()
    assert INDEX not in indexes()
    run_migration()
    assert INDEX in indexes()


def test_the_key_has_one_index_only():
    assert not [name for name in indexes() if name.endswith("_like")
                and "certificatestate" in name]  # fmt: skip


def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_each_documented_search_can_use_its_index():
    with connection.cursor() as cursor:
        # Of an almost empty table any index would do.
        copy_rows(State, make_rows(2000, seed=1, now=timezone.now()))
        cursor.execute("SET LOCAL enable_seqscan = off")
        for condition, index in {
            "UPPER(managed_device_display_name::text) LIKE '%PTOP%'": INDEX,
            "UPPER(user_principal_name::text) LIKE '%ANA@%'": INDEX,
            "UPPER(certificate_thumbprint::text) = '9F'": "certstates_thumbprint",
            "UPPER(certificate_thumbprint::text) LIKE '9F%'": "certstates_thumbprint",
            "UPPER(certificate_serial_number::text) LIKE '5A%'":
                "certstates_serial_number",
            "certificate_revoke_status = 0": "certstates_status",
            "certificate_expiration_date_time > now()": "certstates_expiration",
        }.items():  # fmt: skip
            cursor.execute(
                "EXPLAIN SELECT * FROM certstates_managedalldevicecertificatestate "
                f"WHERE {condition}"
            )
            plan = " ".join(line for (line,) in cursor.fetchall())
            assert index in plan, (condition, plan)


@pytest.mark.parametrize(
    ("bench", "debug", "found"),
    [(True, False, 1), (True, True, 0), (False, False, 0), (False, True, 0)],
)
def test_a_test_bench_is_refused_without_debug(settings, bench, debug, found):
    settings.TESTBENCH, settings.DEBUG = bench, debug
    refused = checks.check_testbench(None)
    assert [error.id for error in refused] == ["certstates.E001"] * found
    assert [*filter(None, (error.is_serious() for error in refused))] == [True] * found
