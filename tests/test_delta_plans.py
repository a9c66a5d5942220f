"""What the delta costs the database: it reads what changed, and no more."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RemovedState
from tests.mirror import Mirror

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = State._meta.db_table
REMOVED = RemovedState._meta.db_table
COUNT = 20_000


def write(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def latest(reader):
    """Return a client that is told from now on of a table with many records."""
    write(
        f"INSERT INTO {TABLE} (id, certificate_revoke_status,"
        " certificate_revoke_status_last_change_date_time,"
        " certificate_expiration_date_time, certificate_issuance_date_time)"
        f" SELECT n, 0, now(), now(), now() FROM generate_series(1, {COUNT}) AS n"
    )
    write(f"DELETE FROM {TABLE} WHERE id LIKE '9%'")
    write(f"ANALYZE {TABLE}, {REMOVED}")
    latest = Mirror(reader, "?$deltatoken=latest&$top=100")
    latest.read_page()
    return latest


def plans_of(read):
    """Return the plans that were really executed for what ``read`` does."""
    with CaptureQueriesContext(connection) as captured:
        read()
    tables = re.compile(rf'FROM "({TABLE}|{REMOVED})"')
    statements = [q["sql"] for q in captured if tables.search(q["sql"])]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(f"EXPLAIN (ANALYZE) {statement}")
            yield "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        "SELECT 1",
        f"UPDATE {TABLE} SET user_principal_name = 'x' WHERE id < '2'",
        f"UPDATE {TABLE} SET user_principal_name = 'x'",
        f"DELETE FROM {TABLE} WHERE id LIKE '%1'",
        f"DELETE FROM {TABLE} WHERE id NOT LIKE '%1'",
    ],
)
def test_every_page_steps_into_the_index(latest, change, analyzed):
    write(change)
    if analyzed:
        write(f"ANALYZE {TABLE}, {REMOVED}")
    for _ in range(3):
        records, removals = plans_of(latest.read_page)
        for plan, index in (
            (records, "certstates_version"),
            (removals, "certstates_removed_version"),
        ):
            assert f"using {index} on" in plan
            assert not re.search("Seq Scan|Sort|Removed by", plan), plan


def test_the_first_round_steps_into_the_key(latest, reader):
    first = Mirror(reader, "?$top=100")
    for _ in range(3):
        [plan] = plans_of(first.read_page)
        assert f"using {TABLE}_pkey on" in plan
        assert not re.search("Seq Scan|Sort|Removed by", plan), plan
