"""Counting without counting all: exact to a cap, and an honest estimate beyond."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from certstates.statistics import (
    Count,
    count_or_estimate,
    counts_or_estimates,
    shares_of,
)
from tests.filter_rows import ROWS, insert

pytestmark = pytest.mark.django_db

ISSUERS = ["CN=A", 'CN={"B", \\}', "Ü,'末", "<b>", "null", "CN=A"]
TABLE = State._meta.db_table


def store(number, **values):
    """Store records whose statuses and issuers take turns; every seventh has none."""
    insert(
        {
            **ROWS[0],
            "id": f"{n:05}",
            "certificate_revoke_status": n % 5,
            "certificate_issuer_name": None if n % 7 == 6 else ISSUERS[n % 7],
            **values,
        }
        for n in range(number)
    )


def analyze():
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLE}")


def test_as_far_as_the_cap_a_count_is_exact_and_costs_one_query():
    store(100)
    with CaptureQueriesContext(connection) as captured:
        assert count_or_estimate(State.objects.all(), cap=100) == Count(100)
    assert len(captured) == 1


def test_beyond_the_cap_it_is_the_planners_estimate_of_all():
    store(1000)
    analyze()
    with CaptureQueriesContext(connection) as captured:
        count = count_or_estimate(State.objects.order_by("id"), cap=10)
    assert count == Count(1000, is_exact=False)
    assert len(captured) == 2
    assert captured[1]["sql"].startswith("EXPLAIN (FORMAT JSON)")


def test_an_estimate_is_never_less_than_what_was_counted():
    store(50)
    analyze()
    State.objects.update(managed_device_display_name="not known to the planner")
    found = State.objects.filter(managed_device_display_name__startswith="not known")
    assert count_or_estimate(found, cap=20) == Count(20, is_exact=False)


def test_many_counts_cost_no_more_queries_than_one():
    store(1000)
    analyze()
    everything = State.objects.all()
    asked = {
        "all": everything.order_by("certificate_expiration_date_time"),
        "five": everything.filter(id__lt="00005"),
        "none": everything.none(),
        "none of these": everything.filter(pk__in=[]),
        "failed": everything.filter(certificate_revoke_status=RevocationStatus.FAILED),
        "%": everything.filter(user_principal_name__contains="100%"),
        "first": everything.order_by("id")[:3],
        "distinct": everything.values("certificate_revoke_status").distinct(),
    }
    with CaptureQueriesContext(connection) as captured:
        counts = counts_or_estimates(asked, cap=50)
    assert len(captured) == 2
    assert counts == {
        "all": Count(1000, is_exact=False),
        "five": Count(5),
        "none": Count(0),
        "none of these": Count(0),
        "failed": Count(200, is_exact=False),
        "%": Count(0),
        "first": Count(3),
        "distinct": Count(1000, is_exact=False),  # of records, not of statuses
    }
    assert counts_or_estimates({}) == {}


def test_a_cap_limits_what_is_read():
    store(1000)
    with CaptureQueriesContext(connection) as captured:
        count_or_estimate(State.objects.order_by("id"), cap=10)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE) {captured[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "rows=11 " in plan.partition("Limit")[2].splitlines()[0]


@pytest.mark.parametrize(
    ("count", "text", "short"),
    [
        (Count(0), "0", "0"),
        (Count(999), "999", "999"),
        (Count(9_949), "9,949", "9.9k"),
        (Count(9_951), "9,951", "10k"),
        (Count(12_345), "12,345", "12k"),
        (Count(999_400), "999,400", "999k"),
        (Count(999_600), "999,600", "1.0M"),
        (Count(7, is_exact=False), "about 7", "7"),
        (Count(10_049, is_exact=False), "about 10,000", "10k"),
        (Count(203_499, is_exact=False), "about 203,000", "203k"),
        (Count(999_999, is_exact=False), "about 1,000,000", "1.0M"),
        (Count(1_234_567, is_exact=False), "about 1,230,000", "1.2M"),
    ],
)
def test_a_count_says_as_much_as_is_known(count, text, short):
    assert str(count) == text
    assert count.short == short
    assert bool(count.source) is not count.is_exact


def test_the_shares_of_a_small_table_are_counted():
    store(70)
    store_texts = {"": "80000", "Z": "80001"}
    for text, id in store_texts.items():
        insert([{**ROWS[0], "id": id, "certificate_issuer_name": text}])
    shares = issuers(Count(72), most=3)
    assert shares.largest == [
        ("CN=A", Count(20)),
        ("<b>", Count(10)),
        ('CN={"B", \\}', Count(10)),
    ]
    assert shares.others == Count(32)


def test_the_shares_of_a_large_table_are_postgresqls_own_sample():
    store(700)
    analyze()
    with CaptureQueriesContext(connection) as captured:
        shares = issuers(Count(7000, is_exact=False), most=9)
    assert len(captured) == 1
    assert "FROM certstates" not in captured[0]["sql"]
    assert shares.largest[0] == ("CN=A", Count(2000, is_exact=False))
    assert {text for text, _ in shares.largest} == {*ISSUERS}
    assert {count.value for _, count in shares.largest[1:]} == {1000}
    assert shares.others == Count(1000, is_exact=False)


def test_without_a_sample_nothing_is_said_of_the_shares():
    with connection.cursor() as cursor:  # samples of another test outlive its rows
        cursor.execute(f"CREATE TEMP TABLE {TABLE} (LIKE {TABLE} INCLUDING ALL)")
    store(10)
    for column in ("certificate_issuer_name", "certificate_subject_name"):
        shares = issuers(Count(7000, is_exact=False), most=9, column=column)
        assert shares.largest == []
        assert shares.others == Count(7000, is_exact=False)
        analyze()  # the second column is null in all rows


def issuers(total, *, most, column="certificate_issuer_name"):
    return shares_of(State.objects.all(), column, total=total, most=most)


def test_postgresql_looks_closer_at_what_the_dashboard_estimates():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attstattarget = 1000",
            [TABLE],
        )
        assert {name for (name,) in cursor.fetchall()} == {
            "certificate_expiration_date_time",
            "certificate_issuer_name",
        }
