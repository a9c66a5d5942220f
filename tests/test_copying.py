"""Rows by COPY: all of them or none, as they were, and without collecting them."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection

from certstates.copying import ROWS_AT_A_TIME, copy_rows
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.seeding.rows import make_rows

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
TEXTS = [
    "",
    " ",
    "\\N",
    "\\.",
    "\n\\.\n",
    "a\tb\rc\nd\x0be\x1f",
    "back\\slash \\t \\x41",
    "'; DROP TABLE certstates; --",
    'O="Halvorsen Shipping, AS", CN="x"',
    "NULL",
    "\ufeff\u202e \U0001f512 e\u0301 \uffff",
    "x" * 4096,
]


def made(count, *, seed=1):
    return [*make_rows(count, seed=seed, now=NOW)]


def stored():
    names = [*made(1)[0]]
    return State.objects.order_by("id").values(*names)


def indexes():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s",
            [State._meta.db_table],
        )
        return {*cursor.fetchall()}


def interrupted(rows, *, after):
    for number, row in enumerate(rows):
        if number == after:
            raise KeyboardInterrupt
        yield row


def test_every_value_arrives_as_it_was():
    rows = made(len(TEXTS))
    for row, text in zip(rows, TEXTS, strict=True):
        row["certificate_subject_name"] = text
    copy_rows(State, rows)
    assert [*stored()] == rows


def test_the_database_adds_what_is_its_own():
    copy_rows(State, made(1))
    state = State.objects.get()
    assert state.created_at == state.updated_at
    assert state.version > 0


def test_rows_are_not_collected_in_memory():
    alive = most = 0

    class Observed(dict):
        def __init__(self, row):
            nonlocal alive, most
            super().__init__(row)
            alive += 1
            most = max(most, alive)

        def __del__(self):
            nonlocal alive
            alive -= 1

    copy_rows(State, map(Observed, make_rows(3000, seed=1, now=NOW)))
    assert State.objects.count() == 3000
    assert most < 5


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("after", [0, 5, ROWS_AT_A_TIME, ROWS_AT_A_TIME + 5])
def test_an_interruption_leaves_nothing(after, anew):
    State.objects.create(**made(1, seed=2)[0])
    before = indexes()
    rows = make_rows(2 * ROWS_AT_A_TIME, seed=1, now=NOW)
    with pytest.raises(KeyboardInterrupt):
        copy_rows(State, interrupted(rows, after=after), anew=anew)
    assert State.objects.count() == 1
    assert indexes() == before


def test_what_the_database_refuses_leaves_nothing():
    rows = [*made(5), {**made(1, seed=2)[0], "certificate_revoke_status": 9}]
    with pytest.raises(IntegrityError, match="certstates_revoke_status_known"):
        copy_rows(State, rows)
    assert not State.objects.exists()


def test_a_refusal_does_not_wait_for_all_rows():
    State.objects.create(**made(1)[0])
    rows = make_rows(5 * ROWS_AT_A_TIME, seed=1, now=NOW)
    with pytest.raises(IntegrityError):
        copy_rows(State, interrupted(rows, after=ROWS_AT_A_TIME))


@pytest.mark.parametrize("anew", [False, True])
def test_indexes_and_statistics_are_there_afterwards(anew):
    before = indexes()
    assert len(before) >= 6
    copy_rows(State, made(1000), anew=anew)
    assert indexes() == before
    # Of what an index computes, as UPPER(thumbprint), there are statistics of its own.
    for table in (State._meta.db_table, "certstates_thumbprint"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stats WHERE tablename = %s", [table])
            assert cursor.fetchone()


def test_no_rows_are_no_obstacle():
    before = indexes()
    copy_rows(State, [], anew=True)
    assert not State.objects.exists()
    assert indexes() == before
