"""``manage.py reset_states``: all records go, and those of a fixture come."""

import datetime as dt
import io
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from certstates.models import Door, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import ApiClient, make_body, make_state

pytestmark = pytest.mark.django_db


def reset(*arguments):
    out = io.StringIO()
    call_command("reset_states", *arguments, stdout=out)
    return out.getvalue()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_it_replaces_all_records_and_says_so():
    make_state(id="mine")
    words = reset("--fixture", "revocations", "--yes")
    assert words.startswith("Deleted 1 records and loaded 24 of the fixture revocation")
    assert State.objects.count() == 24
    assert not State.objects.filter(id="mine").exists()
    gone = StateEvent.objects.get(pgh_obj_id="mine", pgh_label="delete")
    assert gone.pgh_context["door"] == Door.COMMAND
    assert gone.pgh_context["who"] == "reset_states"


def test_it_is_the_same_however_often_it_is_done():
    for _ in range(2):
        reset("--yes", "--now", "2026-11-23T08:00:00Z")
        record = State.objects.get(id="sample-01-expires-in-an-hour")
        expires = record.certificate_expiration_date_time
        assert expires == dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    assert State.objects.count() == 42


def test_an_empty_table_needs_no_question(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert "loaded 26" in reset("--fixture", "expiring")


def test_a_terminal_is_asked(monkeypatch):
    make_state()
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    words = reset("--fixture", "empty")
    assert "This deletes 1 records of " in words
    assert words.partition("Type yes to go on: ")[1]
    assert not State.objects.exists()


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", ""])
def test_any_other_answer_deletes_nothing(monkeypatch, answer):
    make_state()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(CommandError, match="Nothing was deleted"):
        reset("--fixture", "empty")
    assert State.objects.count() == 1


def test_the_question_names_the_database_and_no_password(monkeypatch):
    make_state()
    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@db.example/name")
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("reset_states", stdout=out)
    name = connection.settings_dict["NAME"]
    assert f"1 records of the database {name} on " in out.getvalue()
    assert "secret" not in out.getvalue()


def test_where_nobody_can_be_asked_it_is_refused(monkeypatch):
    make_state()
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandError, match=r"nobody to ask.*--yes deletes them"):
        reset()
    assert State.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fixture", "invented"], "invalid choice: 'invented'"),
        (["--now", "soon"], "'soon' is no date"),
        (["--now", "1492-10-12"], "years 1900 to 2199"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, words):
    make_state()
    with pytest.raises(CommandError, match=words):
        reset("--yes", *arguments)
    assert State.objects.count() == 1


def test_all_or_nothing(monkeypatch):
    make_state(id="mine")
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE certstates_managedalldevicecertificatestate"
            " ADD CHECK (id <> 'sample-42-never-expires' AND id NOT LIKE 'sample-1%')"
        )
    with pytest.raises(Exception, match="violates check constraint"):
        reset("--yes")
    assert [record.id for record in State.objects.all()] == ["mine"]


def test_a_client_of_the_delta_hears_of_it(operator: ApiClient):
    assert operator.create(make_body(id="mine")).status_code == 201
    reset("--yes")
    assert operator.read("mine").status_code == 404
    assert operator.read("sample-02-expires-tomorrow").status_code == 200
