"""How PostgreSQL finds changes among many: by an index, and never by reading all."""

import datetime as dt
import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certstates.models import Kind, StateEvent
from certstates.models.log import Log, Place

pytestmark = pytest.mark.django_db

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BATCH = uuid.UUID("00000000-0000-4000-8000-000000000001")
LAST = FIRST + dt.timedelta(minutes=29_999)
# One update in a hundred by "rare", all long ago; the rest by a busy client.
INSERT = """
INSERT INTO certstates_stateevent (
    pgh_obj_id, pgh_label, pgh_created_at, pgh_context, pgh_context_id, created_at,
    certificate_revoke_status, certificate_revoke_status_last_change_date_time,
    certificate_expiration_date_time, certificate_issuance_date_time
)
SELECT 'r' || n %% 5000, CASE WHEN n < 5000 THEN 'insert' ELSE 'update' END,
       %(first)s::timestamptz + n * interval '1 minute',
       CASE WHEN n %% 100 = 99 AND n < 15000 THEN '{"door": "admin", "who": "rare"}'
            WHEN n = 7000 THEN NULL
            ELSE '{"door": "api", "who": "busy"}' END::jsonb,
       CASE WHEN n >= 10000 THEN '00000000-0000-4000-8000-000000000001'::uuid END,
       now(), n %% 5, now(), now(), now()
FROM generate_series(0, 29999) AS n
"""


@pytest.fixture(scope="module")
def thousands(django_db_setup, django_db_blocker):
    """Have 30,000 changes of 5,000 records, of which PostgreSQL has its statistics."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(INSERT, {"first": FIRST})
            cursor.execute("ANALYZE certstates_stateevent")
        yield
        transaction.set_rollback(True)


def plans_of(ask):
    """Return the plans of what was asked, all in one text."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    with connection.cursor() as cursor:
        for query in [query["sql"] for query in captured]:
            cursor.execute(f"EXPLAIN {query}".replace("%", "%%"))
            yield "\n".join(line for [line] in cursor.fetchall())


@pytest.mark.parametrize(
    ("log", "index"),
    [
        (Log(), "certstates_event_door"),
        (Log(door="api"), "certstates_event_door"),
        (Log(door="sql"), "certstates_event_door"),
        (Log(kind="delete"), "certstates_event_door"),
        (Log(kind="insert"), "certstates_event_door"),
        (Log(end=FIRST + dt.timedelta(days=2)), "certstates_event_door"),
        (Log(start=LAST), "certstates_event_door"),
        (Log(who="rare"), "certstates_event_who"),
        (Log(who="busy"), "certstates_event_who"),
        (Log(who="nobody"), "certstates_event_who"),
        (Log(who="rare", kind="insert", end=LAST), "certstates_event_who"),
        (Log(ids=("r1", "r2")), "certstates_event_record"),
    ],
)
@pytest.mark.parametrize("after", [None, Place(FIRST + dt.timedelta(days=3), 99)])
def test_an_index_serves_every_page_of_the_log(thousands, log, index, after):
    plans = [*plans_of(lambda: log.page(51, after))]
    assert index in plans[0]
    for plan in plans:
        assert "Seq Scan" not in plan


def test_the_log_is_sorted_and_whole(thousands):
    """Page through all, and meet each change once."""
    log, place, seen = Log(), None, []
    while page := log.page(5000, place):
        seen += [event.pgh_id for event in page]
        place = Place(page[-1].pgh_created_at, page[-1].pgh_id)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 30_000


def test_the_log_can_be_narrowed(thousands):
    [event] = Log(door="sql", kind=Kind.UPDATE).page(51)
    assert event.pgh_context is None
    assert {event.who for event in Log(who="rare").page(51)} == {"rare"}
    day = Log(start=FIRST, end=FIRST + dt.timedelta(minutes=10)).page(51)
    assert len(day) == 10
    assert Log(ids=()).page(51) == []
    assert {event.pgh_obj_id for event in Log(ids=("r7",)).page(51)} == {"r7"}


def test_each_change_knows_the_one_before(thousands):
    for event in Log().page(51):
        assert event.before.pgh_obj_id == event.pgh_obj_id
        assert event.before.pgh_id == event.pgh_id - 5000
    assert StateEvent.objects.of_record("r3").compared()[-1].before is None


@pytest.mark.parametrize("after", [0, 20_000])
def test_an_index_serves_every_page_of_a_batch(thousands, after):
    first = StateEvent.objects.order_by("pgh_id").values_list("pgh_id", flat=True)[0]
    page = StateEvent.objects.of_batch(BATCH, after=first + after)
    for plan in plans_of(page[:51].compared):
        assert "Seq Scan" not in plan
        assert "Sort" not in plan
    [plan] = plans_of(lambda: list(page[:51]))
    assert "certstates_event_context" in plan


def test_an_index_tells_what_belongs_to_a_batch(thousands):
    [first, *_, last] = StateEvent.objects.order_by("pgh_id")
    both = StateEvent.objects.filter(pk__in=[first.pk, last.pk]).shared()
    [plan] = plans_of(lambda: list(both))
    assert plan.count("certstates_event_context") == 2
    assert "Seq Scan" not in plan
    assert [event.pk for event in both] == [last.pk]


def test_an_index_serves_the_history_of_a_record(thousands):
    for plan in plans_of(StateEvent.objects.of_record("r3")[:51].compared):
        assert "Seq Scan" not in plan
    [plan] = plans_of(lambda: list(StateEvent.objects.of_record("r3")[:51]))
    assert "certstates_event_record" in plan
