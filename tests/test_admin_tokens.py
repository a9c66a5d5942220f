"""Tokens in the admin: made and shown once, their use seen, revoked."""

import datetime as dt
import html
import re
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.admin import new_token
from certstates.models import TokenUse
from certstates.permissions import READ, READ_WRITE
from certstates.tokens import FORM, issue
from tests.make import URL, ApiClient, make_body, make_token
from tests.staff import browser_of, make_person
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db

TOKENS = "/admin/oauth2_provider/accesstoken/"
ADD = f"{TOKENS}add/"
EVERYTHING_STORED = """
SELECT e::text, t::text, u::text
FROM django_admin_log e, oauth2_provider_accesstoken t, certstates_tokenuse u
"""
WANTED = {"application": "nightly", "scope": READ, "days": "30"}


@pytest.fixture
def administrator(db):
    return browser_of(make_person("administrator", "Administrator"))


def ticket_of(browser):
    page = browser.get(ADD).content.decode()
    return html.unescape(re.search(r'name="ticket" value="([^"]+)"', page)[1])


def make(browser, **values):
    sent = {**WANTED, "ticket": ticket_of(browser), **values}
    return browser.post(ADD, sent), sent


def raw_in(response):
    [raw] = {*FORM.findall(response.content.decode())}
    return raw


def test_a_token_is_made_and_shown_once(administrator):
    response, _ = make(administrator, scope=READ_WRITE)
    assert response.status_code == 200
    raw = raw_in(response)
    assert ApiClient(raw).create(make_body()).status_code == 201
    token = AccessToken.objects.get()
    assert (token.application.name, token.scope) == ("nightly", READ_WRITE)
    assert abs(token.expires - timezone.now() - dt.timedelta(days=30)).seconds < 60
    for page in ("", "add/", f"{token.pk}/change/", f"{token.pk}/history/"):
        assert raw not in administrator.get(TOKENS + page).content.decode()


def test_it_reads_only_unless_told_otherwise(administrator):
    page = administrator.get(ADD).content.decode()
    assert re.search(rf'value="{READ}"[^>]*checked', page)
    response, _ = make(administrator)
    assert ApiClient(raw_in(response)).create(make_body()).status_code == 403


def test_nobody_gives_more_than_they_hold():
    person = make_person("clerk", "Viewer")
    may_add = Permission.objects.get(codename="add_accesstoken")
    person.user_permissions.add(may_add)
    clerk = browser_of(person)
    assert READ_WRITE not in clerk.get(ADD).content.decode()
    response, _ = make(clerk, scope=READ_WRITE)
    assert "valid choice" in response.content.decode()
    assert not AccessToken.objects.exists()
    response, _ = make(clerk)
    assert ApiClient(raw_in(response)).get(URL).status_code == 200


def test_who_sees_no_records_makes_no_tokens():
    person = make_person("clerk")
    may_add = Permission.objects.get(codename="add_accesstoken")
    person.user_permissions.add(may_add)
    assert browser_of(person).get(ADD).status_code == 403


def test_a_reload_makes_no_second_and_shows_nothing(administrator):
    response, sent = make(administrator)
    again = administrator.post(ADD, sent)
    assert again.status_code == 200
    assert "cannot be shown again" in again.content.decode()
    assert not FORM.search(again.content.decode())
    assert AccessToken.objects.count() == 1
    assert ApiClient(raw_in(response)).get(URL).status_code == 200


def test_a_reload_with_another_name_leaves_no_application(administrator):
    _, sent = make(administrator)
    administrator.post(ADD, sent | {"application": "another"})
    assert [a.name for a in Application.objects.all()] == ["nightly"]


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_once_one_makes_a_token(administrator):
    sent = {**WANTED, "ticket": ticket_of(administrator)}
    answers = at_once(*[lambda: administrator.post(ADD, sent)] * 4)
    shown = [bool(FORM.search(a.content.decode())) for a in answers]
    assert sorted(shown) == [False, False, False, True]
    assert AccessToken.objects.count() == 1


def test_a_page_of_its_own_makes_another_token(administrator):
    one, two = (make(administrator)[0] for _ in range(2))
    assert raw_in(one) != raw_in(two)
    assert AccessToken.objects.count() == 2
    assert Application.objects.count() == 1


def test_no_store_keeps_it(administrator):
    response, _ = make(administrator)
    raw = raw_in(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert raw not in str(response.cookies) + str(response.headers)
    assert list(response.context["messages"]) == []
    for session in Session.objects.all():
        assert raw not in str(session.get_decoded())
    with connection.cursor() as cursor:
        cursor.execute(EVERYTHING_STORED)
        assert raw not in str(cursor.fetchall())


def test_the_log_knows_who_made_it(administrator):
    make(administrator)
    entry = LogEntry.objects.get()
    assert entry.user.username == "administrator"
    assert entry.object_id == str(AccessToken.objects.get().pk)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("application", ""),
        ("application", " "),
        ("application", "x" * 256),
        ("application", "a\nb"),
        ("application", "a\0b"),
        ("scope", ""),
        ("scope", "User.Read"),
        ("days", ""),
        ("days", "0"),
        ("days", "3651"),
        ("days", "x"),
    ],
)
def test_what_cannot_be_made_is_marked(administrator, name, value):
    response, _ = make(administrator, **{name: value})
    assert response.status_code == 200
    assert name in response.context["form"].errors
    assert not AccessToken.objects.exists()


def test_a_page_that_is_too_old_or_anothers_makes_nothing(administrator, monkeypatch):
    other = browser_of(make_person("other", "Administrator"))
    for ticket in ("", "forged", uuid.uuid4().hex, ticket_of(other)):
        response, sent = make(administrator, ticket=ticket)
        assert new_token.TOO_OLD in html.unescape(response.content.decode())
    monkeypatch.setattr(new_token, "OPEN_FOR", dt.timedelta(seconds=-1))
    make(administrator)
    assert not AccessToken.objects.exists()
    monkeypatch.undo()
    renewed = response.context["ticket"]  # what was typed need not be typed again
    raw_in(administrator.post(ADD, sent | {"ticket": renewed}))


def test_the_list_says_when_a_token_was_last_used(administrator):
    used, _ = issue("used", scope=READ, lifetime=dt.timedelta(days=1))
    TokenUse.note(used.pk)
    issue("unused", scope=READ, lifetime=dt.timedelta(days=1))
    then = dt.datetime(2026, 1, 6, 22, 5, tzinfo=dt.UTC)
    TokenUse.objects.update(last_used=then)
    page = administrator.get(TOKENS, {"o": "-5"}).content.decode()
    cells = re.findall(r'field-last_used[^"]*">([^<]*)<', page)
    assert sorted(cells) == ["2026-01-06 22:05 UTC", "never"]
    page = administrator.get(f"{TOKENS}{used.pk}/change/").content.decode()
    assert "2026-01-06 22:05 UTC" in page


def test_the_list_costs_the_same_for_many_tokens(administrator):
    make_token(READ)
    few = queries(administrator)
    for _ in range(20):
        make_token(READ)
    assert queries(administrator) == few


def queries(browser):
    with CaptureQueriesContext(connection) as captured:
        browser.get(TOKENS)
    return len(captured)


@pytest.mark.parametrize(
    ("value", "names"), [("yes", {"good"}), ("no", {"old"}), (None, {"good", "old"})]
)
def test_they_are_filtered_by_validity(administrator, value, names):
    issue("good", scope=READ, lifetime=dt.timedelta(days=1))
    issue("old", scope=READ, lifetime=-dt.timedelta(days=1))
    query = {"valid": value} if value else {}
    shown = administrator.get(TOKENS, query).context["cl"].result_list
    assert {token.application.name for token in shown} == names


def test_an_unknown_validity_is_refused(administrator):
    assert administrator.get(TOKENS, {"valid": "maybe"}).status_code == 302


def test_to_delete_is_said_to_be_to_revoke(administrator):
    raw = make_token(READ)
    token = AccessToken.objects.get()
    page = administrator.get(f"{TOKENS}{token.pk}/delete/").content.decode()
    assert "Revoke this token?" in page
    assert "Yes, revoke it" in page
    assert "Revoke selected tokens" in administrator.get(TOKENS).content.decode()
    selected = {"action": "delete_selected", "_selected_action": token.pk}
    page = administrator.post(TOKENS, selected).content.decode()
    assert "<h1>Revoke these tokens?</h1>" in page
    assert f"{token} of tests: {READ}" in page
    assert "elete" not in re.sub(r"<[^>]*>", "", page)
    answer = administrator.post(
        f"{TOKENS}{token.pk}/delete/", {"post": "yes"}, follow=True
    )
    assert "Revoked." in answer.content.decode()
    assert answer.redirect_chain == [(TOKENS, 302)]
    assert ApiClient(raw).get(URL).status_code == 401


@pytest.mark.parametrize("group", ["Viewer", "Editor", "Importer"])
def test_only_administrators_make_tokens(group):
    browser = browser_of(make_person("somebody", group))
    assert browser.get(ADD).status_code == 403
    assert browser.post(ADD, WANTED).status_code == 403
    assert not AccessToken.objects.exists()
