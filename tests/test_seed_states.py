"""``manage.py seed_states``: made-up records, all of them or none."""

import datetime as dt
import io
import re
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from certstates.copying import ROWS_AT_A_TIME
from certstates.management.commands import seed_states
from certstates.models import Door, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.seeding.rows import make_rows

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


def made(count, *, seed=1):
    return [*make_rows(count, seed=seed, now=NOW)]


def stored():
    names = [*made(1)[0]]
    return State.objects.order_by("id").values(*names)


def test_it_fills_the_table_and_says_so(capsys, reader):
    call_command("seed_states", "--count", "1000", "--seed", "5", "--now", "2026-11-23")
    out, err = capsys.readouterr()
    assert re.search(r"Made 1,000 records in [\d.]+ s \([\d,]+ a second\)", out)
    assert "1,000 now" in out
    assert err == ""
    assert [*stored()] == made(1000, seed=5)
    row = made(1, seed=5)[0]
    answer = reader.read(row["id"]).json()
    assert answer["certificateThumbprint"] == row["certificate_thumbprint"]
    assert answer["certificateExpirationDateTime"] == "2026-11-24T12:00:00Z"


def test_it_counts_from_the_start_of_this_day():
    call_command("seed_states", "--count", "1")
    expires = State.objects.get().certificate_expiration_date_time
    assert expires.date() == timezone.now().date() + DAY


def test_what_expires_is_found_in_a_small_table_too():
    call_command("seed_states", "--count", "500")
    assert State.objects.expiring(within=2 * DAY).exists()
    assert State.objects.expired().exists()
    assert State.objects.revocation_open().exists()


def test_a_second_run_is_refused_and_changes_nothing():
    call_command("seed_states", "--count", "10")
    before = [*State.objects.values()]
    with pytest.raises(CommandError, match=r"seed 1 exist already.* --seed 2$"):
        call_command("seed_states", "--count", "20", "--now", "2020-01-01")
    assert [*State.objects.values()] == before
    call_command("seed_states", "--count", "20", "--seed", "2")
    assert State.objects.count() == 30


def test_one_record_that_exists_keeps_out_all_others():
    row = made(3 * ROWS_AT_A_TIME // 2)[-1]
    State.objects.create(**row)
    with pytest.raises(CommandError, match="nothing was made"):
        call_command("seed_states", "--count", f"{2 * ROWS_AT_A_TIME}")
    assert State.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--count", "0"], "--count must be 1 to 100,000,000, and not 0"),
        (["--count", "-5"], "--count must be 1 to 100,000,000, and not -5"),
        (["--count", "100000001"], "and not 100,000,001"),
        (["--count", "many"], "'many' is no whole number"),
        (["--count", "1e6"], "'1e6' is no whole number"),
        (["--count", "5", "--seed", "1.5"], "'1.5' is no whole number"),
        (["--count", "5", "--now", "tomorrow"], "'tomorrow' is no date such as"),
        (["--count", "5", "--now", "1899-12-31"], "--now must be in the years"),
        (["--count", "5", "--now", "2200-01-01"], "--now must be in the years"),
        ([], "--count"),
    ],
)
def test_it_explains_what_it_cannot_do(arguments, sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("seed_states", *arguments)


def test_without_tables_it_says_what_is_missing():
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {State._meta.db_table} RENAME TO elsewhere")
    with pytest.raises(CommandError, match="no tables yet"):
        call_command("seed_states", "--count", "1")


def test_a_terminal_sees_how_far_it_is(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    call_command("seed_states", "--count", "300")
    assert re.search(r"100%.*300/300 .*records/s", terminal.getvalue())


@pytest.mark.parametrize("count", ["10", "300"])
def test_ctrl_c_leaves_nothing(monkeypatch, count):
    def interrupted(*arguments, **options):
        yield from make_rows(5, seed=1, now=NOW)
        raise KeyboardInterrupt

    monkeypatch.setattr(seed_states, "make_rows", interrupted)
    monkeypatch.setattr(seed_states, "MANY", 300)
    with pytest.raises(KeyboardInterrupt):
        call_command("seed_states", "--count", count)
    assert not State.objects.exists()


def test_the_history_tells_who_made_them():
    call_command("seed_states", "--count", "3")
    events = StateEvent.objects.all()
    assert {(event.door, event.who) for event in events} == {
        (Door.COMMAND, "seed_states")
    }
    assert len(events) == 3
