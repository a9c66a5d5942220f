"""How PostgreSQL finds a page: by an index, from its place on, and without sorting."""

import datetime as dt
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certstates.permissions import READ
from tests.filter_rows import ROWS, insert, utc
from tests.make import URL, ApiClient, make_token

pytestmark = pytest.mark.django_db

EXPIRES = "certificateExpirationDateTime"
LIST = re.compile('FROM "certstates_managedall.* ORDER BY ')


@pytest.fixture(scope="module")
def thousands(django_db_setup, django_db_blocker):
    """Return a client of 5,000 records, of which PostgreSQL has its statistics."""
    first, hour = utc(2026, 1, 1), dt.timedelta(hours=1)
    moments = [first + n % 1500 * hour for n in range(5000)]
    with django_db_blocker.unblock(), transaction.atomic():
        insert(
            {**ROWS[0], "id": f"{n:05}", "certificate_expiration_date_time": moment}
            for n, moment in enumerate(moments)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE certstates_managedalldevicecertificatestate")
        yield ApiClient(make_token(READ))
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("options", "index"),
    [
        ({}, "_pkey"),
        ({"$orderby": "id desc"}, "_pkey"),
        ({"$orderby": EXPIRES}, "certstates_expiration"),
        ({"$orderby": f"{EXPIRES} desc"}, "certstates_expiration"),
        ({"$orderby": f"{EXPIRES} desc,id desc"}, "certstates_expiration"),
        ({"$orderby": f"{EXPIRES},id"}, "certstates_expiration"),
        ({"$orderby": EXPIRES, "$count": "true"}, "certstates_expiration"),
        (
            {"$orderby": EXPIRES, "$filter": f"{EXPIRES} ge 2026-01-15T00:00:00Z"},
            "certstates_expiration",
        ),
        ({"$orderby": "certificateRevokeStatus"}, "certstates_status"),
    ],
)
def test_an_index_serves_every_page(thousands, options, index):
    page = thousands.get(URL, {**options, "$top": "50"}).json()
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            page = thousands.get(page["@odata.nextLink"]).json()
        [query] = [q["sql"] for q in captured if LIST.search(q["sql"])]
        plan = explained(query)
        assert index in plan
        assert "Seq Scan" not in plan
        assert "Sort" not in plan


def explained(query):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}".replace("%", "%%"))
        return "\n".join(line for [line] in cursor.fetchall())
