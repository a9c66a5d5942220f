"""How PostgreSQL finds each page of the admin: by an index, and never by reading
all records or changes.

The pages are those that ``bench/admin.py`` measures. What is explained is what a page
really asks, not what somebody thinks that it asks.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.pages import PAGES, pages
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.many_records import many_records

pytestmark = pytest.mark.django_db

TABLES = "certstates_(?:managedalldevicecertificatestate|stateevent)"
MOST_QUERIES = 15


@pytest.fixture(scope="module")
def addresses(django_db_setup, django_db_blocker):
    """Return the pages' addresses, over some thousands of records."""
    with django_db_blocker.unblock(), many_records(20_000):
        yield pages()


def asked(client, url):
    """Return what a page asks of the tables of records and of their changes."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
        statements = [query["sql"] for query in captured]
    assert response.status_code == 200, response.headers
    assert len(statements) <= MOST_QUERIES
    return [sql for sql in statements if re.search(rf"\b{TABLES}\b[\"\s]", sql)]


def plan_of(sql):
    statement = re.sub(r"^EXPLAIN (\([^)]*\) )?", "", sql)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())


def reads_everything(plan):
    """Say whether a plan reads all records, one after the other."""
    return re.search(rf"Seq Scan on {TABLES}", plan)


def assert_reads_by_index(client, url):
    statements = asked(client, url)
    assert statements
    for sql in statements:
        if sql.startswith("EXPLAIN"):
            continue  # estimates, and reads nothing
        plan = plan_of(sql)
        assert not reads_everything(plan), plan


@pytest.mark.parametrize("name", PAGES)
def test_no_page_reads_all_records(addresses, staff, name):
    assert_reads_by_index(staff, addresses[name])


def test_the_test_can_fail(addresses):
    plan = plan_of(
        f"SELECT * FROM {State._meta.db_table} WHERE certificate_key_usages = 7"
    )
    assert reads_everything(plan)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "certstates_expiration"),
        ("?o=1", "certstates_device_order"),
        ("?o=-2", "certstates_user_order"),
        ("?o=3&at=last", "certstates_status"),
        ("?o=-5", "certstates_issuer_order"),
        ("?o=6", "certstates_subject_order"),
        ("?o=7&at=last", "certstates_serial_order"),
        ("?status=revoked", "certstates_status_expiration"),
        ("?status=revoked&expiry=90&o=-4", "certstates_status_expiration"),
        ("?open=30", "certstates_open_revocation"),
        ("?issuer=CN%3DIssuing CA 4, O%3DContoso", "certstates_issuer_order"),
        ("?issuer=cn%3Dissuing ca 4, o%3Dcontoso&o=-4", "certstates_issuer_order"),
        ("?q=NO-SUCH-DEVICE", "certstates_device_user_trgm"),
        ("?q=0A:1B:2C", "certstates_serial_number"),
        ("?q=0A:1B:2C", "certstates_thumbprint"),
        ("?q=CN%3Dabcd", "certstates_subject_order"),
        ("?q=zz", "certstates_user_order"),
    ],
)
def test_each_index_earns_its_place(addresses, staff, query, index):
    plans = [plan_of(sql) for sql in asked(staff, addresses["first page"] + query)]
    assert any(f" {index} " in plan for plan in plans), "\n\n".join(plans)
