"""Tokens listed and revoked from the command line."""

import datetime as dt
import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.permissions import READ, READ_WRITE
from certstates.tokens import issue_token
from tests.make import URL, ApiClient

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def tokens():
    """Return two tokens of ``nightly`` and one of ``other``."""
    names = ("nightly", "nightly", "other")
    return [issue_token(name, scope=READ, lifetime=DAY) for name in names]


@pytest.fixture
def say(monkeypatch):
    """Return a function that puts a text on standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def statuses(tokens):
    return [ApiClient(raw).get(URL).status_code for raw in tokens]


def test_all_tokens_of_an_application_are_named_and_revoked(tokens, capsys):
    assert statuses(tokens) == [200, 200, 200]
    call_command("revoke_token", "nightly", "--yes")
    out = capsys.readouterr().out
    assert out.count(f"nightly: {READ}, created ") == 2
    assert "2 tokens revoked." in out
    assert statuses(tokens) == [401, 401, 200]


def test_it_asks_first(tokens, capsys, say):
    say("yes\n")
    call_command("revoke_token", "other")
    assert "This revokes 1 token. Type yes to go on" in capsys.readouterr().out
    assert statuses(tokens) == [200, 200, 401]


@pytest.mark.parametrize("answer", ["no\n", "", "y\n"])
def test_anything_but_yes_revokes_nothing(tokens, say, answer):
    say(answer)
    with pytest.raises(CommandError, match="Nothing was revoked"):
        call_command("revoke_token", "nightly")
    assert statuses(tokens) == [200, 200, 200]


def test_one_token_comes_on_standard_input(tokens, capsys, say):
    say(f"{tokens[0]}\n")
    call_command("revoke_token", "--stdin")
    out = capsys.readouterr().out
    assert "1 token revoked." in out
    assert "certstates_" not in out
    assert statuses(tokens) == [401, 200, 200]


def test_an_expired_token_can_be_revoked_too(tokens, say):
    AccessToken.objects.update(expires=timezone.now() - DAY)
    say(tokens[0])
    call_command("revoke_token", "--stdin")
    assert AccessToken.objects.count() == 2


@pytest.mark.parametrize("text", ["", "garbage", "certstates_" + "a" * 43, "a\0b"])
def test_what_is_no_token_is_refused_and_not_repeated(tokens, say, text):
    say(text)
    with pytest.raises(CommandError, match="is no token of this server") as refused:
        call_command("revoke_token", "--stdin")
    assert text == "" or text not in str(refused.value)
    assert AccessToken.objects.count() == 3


def test_a_token_as_an_argument_is_refused_and_not_repeated(tokens):
    with pytest.raises(CommandError, match="standard input") as refused:
        call_command("revoke_token", tokens[0], "--yes")
    assert tokens[0] not in str(refused.value)
    assert statuses(tokens) == [200, 200, 200]


def test_an_unknown_application_is_named(tokens):
    with pytest.raises(CommandError, match="No application called 'nobody' has"):
        call_command("revoke_token", "nobody", "--yes")


@pytest.mark.parametrize("arguments", [[], ["nightly", "--stdin"], ["a", "b"]])
def test_one_thing_is_to_be_said(tokens, arguments):
    with pytest.raises(CommandError):
        call_command("revoke_token", *arguments)
    assert AccessToken.objects.count() == 3


def test_tokens_of_two_applications_of_one_name_all_go(tokens):
    Application.objects.update(name="nightly")
    call_command("revoke_token", "nightly", "--yes")
    assert statuses(tokens) == [401, 401, 401]


def listed(capsys, *arguments):
    call_command("list_tokens", *arguments)
    return capsys.readouterr().out


def test_a_table_shows_them_by_application(tokens, capsys):
    AccessToken.objects.filter(application__name="other").update(
        scope=READ_WRITE, expires=dt.datetime(2026, 1, 6, 22, 5, tzinfo=dt.UTC)
    )
    assert statuses(tokens[:1]) == [200]
    heading, *rows = [line.split("  ") for line in listed(capsys).splitlines()]
    heading, *rows = ([c.strip() for c in row if c.strip()] for row in (heading, *rows))
    assert heading == [
        "application", "scope", "created", "expires", "lastUsed", "valid",
    ]  # fmt: skip
    assert [row[0] for row in rows] == ["nightly", "nightly", "other"]
    assert [row[4] for row in rows][::2] == ["-", "-"]
    assert rows[1][4].startswith(f"{timezone.now():%Y-}")
    assert rows[2][1:2] + rows[2][3:] == [READ_WRITE, "2026-01-06 22:05", "-", "no"]


def test_programs_read_them_as_json(tokens, capsys):
    statuses(tokens[2:])
    rows = json.loads(listed(capsys, "--json"))
    assert [row["application"] for row in rows] == ["nightly", "nightly", "other"]
    last = rows[-1]
    assert [*last] == [
        "application", "scope", "created", "expires", "lastUsed", "valid",
    ]  # fmt: skip
    token = AccessToken.objects.get(application__name="other")
    assert dt.datetime.fromisoformat(last["expires"]) == token.expires
    assert dt.datetime.fromisoformat(last["lastUsed"]) == token.use.last_used
    assert last["valid"] is True
    assert rows[0]["lastUsed"] is None


def test_one_application_is_listed_alone(tokens, capsys):
    rows = json.loads(listed(capsys, "other", "--json"))
    assert [row["application"] for row in rows] == ["other"]
    assert listed(capsys, "nobody") == "There are no tokens.\n"


def test_no_list_shows_a_token_or_its_checksum(tokens, capsys):
    token = AccessToken.objects.first()
    for arguments in ([], ["--json"]):
        out = listed(capsys, *arguments)
        assert "certstates_" not in out
        assert token.token_checksum[:8] not in out


def test_a_list_costs_one_question(tokens, capsys, django_assert_num_queries):
    with django_assert_num_queries(1):
        listed(capsys)


def test_what_is_no_line_stays_on_one(tokens, capsys):
    Application.objects.filter(name="other").update(name="a\nb\x1b[31m")
    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m" in listed(capsys)


@pytest.mark.parametrize(
    "arguments",
    [["list_tokens"], ["revoke_token", "x", "--yes"], ["create_token", "x"]],
)
@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_is_explained(arguments):
    rename = "ALTER TABLE {} RENAME TO {}"
    names = ("oauth2_provider_accesstoken", "elsewhere")
    with connection.cursor() as cursor:
        cursor.execute(rename.format(*names))
    try:
        with pytest.raises(CommandError, match="no tables yet"):
            call_command(*arguments)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(rename.format(*reversed(names)))
