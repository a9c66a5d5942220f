"""Change tracking comes to a table that has rows, and leaves it again."""

import pytest
from django.core.management import call_command
from django.db import connection

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RemovedState
from tests.make import error_of
from tests.mirror import Mirror

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = State._meta.db_table


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def insert(*ids):
    with connection.cursor() as cursor:
        for id in ids:
            cursor.execute(
                f"INSERT INTO {TABLE} (id, certificate_revoke_status,"
                " certificate_revoke_status_last_change_date_time,"
                " certificate_expiration_date_time, certificate_issuance_date_time)"
                " VALUES (%s, 0, now(), now(), now())",
                [id],
            )


@pytest.fixture
def before():
    """Bring the database to where it was before, for the length of a test."""
    insert("kept")
    call_command("migrate", "certstates", "0002", verbosity=0)
    yield
    call_command("migrate", "certstates", verbosity=0)


def test_rows_get_the_migrations_transaction_and_are_not_rewritten(reader, before):
    insert("a", "b")
    where = f"SELECT pg_relation_filenode('{TABLE}')"
    [file] = ask(where)
    call_command("migrate", "certstates", verbosity=0)
    assert [file] == ask(where)
    [(first,), (second,), (third,)] = State.objects.values_list("version")
    assert first == second == third
    mirror = Mirror(reader)
    assert mirror.read_round() == ["a", "b", "kept"]
    State.objects.get(id="a").save()
    assert mirror.read_round() == ["a"]


def test_what_was_not_tracked_meanwhile_is_not_told_as_if_it_were(reader):
    mirror = Mirror(reader)
    mirror.read_round()
    call_command("migrate", "certstates", "0002", verbosity=0)
    call_command("migrate", "certstates", verbosity=0)
    error_of(reader.get(mirror.url), 410, "SyncStateNotFound")


def test_backwards_nothing_of_it_is_left(before):
    assert ask("SELECT proname FROM pg_proc WHERE proname LIKE 'certstates%'") == []
    assert ask("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'certstates%'") == []
    assert ask("SELECT to_regclass('certstates_removedstate')") == [(None,)]
    insert("a")
    assert ask(f"DELETE FROM {TABLE} RETURNING id") == [("kept",), ("a",)]


def test_the_table_of_the_removed_has_no_index_in_vain():
    indexes = ask(
        "SELECT indexname FROM pg_indexes"
        f" WHERE tablename = '{RemovedState._meta.db_table}' ORDER BY 1"
    )
    assert indexes == [
        ("certstates_removed_version",),
        ("certstates_removedstate_pkey",),
    ]
