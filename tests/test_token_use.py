"""When a token was last used: known to the minute, and in nobody's way."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import TokenUse
from certstates.permissions import READ, READ_WRITE
from certstates.tokens import issue, revoke
from tests.make import URL, ApiClient, make_body, make_state
from tests.test_concurrency import at_once

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def made(db):
    """Return a token that nobody has used, and its raw value."""
    return issue("nightly", scope=READ_WRITE, lifetime=DAY)


def last_used(token):
    return TokenUse.objects.values_list("last_used", flat=True).get(token=token)


def age(token, ago):
    TokenUse.objects.filter(token=token).update(last_used=F("last_used") - ago)
    return last_used(token)


def notes(client, **extra):
    """Send a request; return its answer, and how many statements noted the use."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(URL, **extra)
    noted = [q for q in captured if "INSERT INTO certstates_tokenuse" in q["sql"]]
    return response, len(noted)


def test_the_first_use_is_noted_and_the_next_one_costs_nothing(made):
    token, raw = made
    assert not TokenUse.objects.exists()
    response, noted = notes(ApiClient(raw))
    assert (response.status_code, noted) == (200, 1)
    first = last_used(token)
    assert timezone.now() - first < MINUTE
    response, noted = notes(ApiClient(raw))
    assert (response.status_code, noted) == (200, 0)
    assert last_used(token) == first


def test_it_is_noted_again_after_a_minute(made):
    token, raw = made
    ApiClient(raw).get(URL)
    nearly = age(token, MINUTE * 0.9)
    ApiClient(raw).get(URL)
    assert last_used(token) == nearly
    long_ago = age(token, MINUTE * 0.2)
    ApiClient(raw).get(URL)
    assert last_used(token) - long_ago > MINUTE


def test_a_token_is_looked_up_by_one_question(made):
    _, raw = made
    ApiClient(raw).get(URL)
    with CaptureQueriesContext(connection) as captured:
        ApiClient(raw).get(f"{URL}/$count")
    assert [("accesstoken" in q["sql"]) for q in captured] == [True, False]


def test_each_token_has_a_use_of_its_own(made):
    token, raw = made
    other, _ = issue("nightly", scope=READ, lifetime=DAY)
    ApiClient(raw).get(URL)
    assert TokenUse.objects.get().token_id == token.pk != other.pk


def test_a_batch_is_one_use(made):
    _, raw = made
    items = [{"id": f"{n}", "method": "GET", "url": f"/{URL[6:]}"} for n in range(3)]
    with CaptureQueriesContext(connection) as captured:
        ApiClient(raw).post("/beta/$batch", {"requests": items}, "application/json")
    assert sum("certstates_tokenuse AS known" in q["sql"] for q in captured) == 1


def test_what_is_refused_for_its_scope_is_a_use_too(db):
    token, raw = issue("nightly", scope="User.Read", lifetime=DAY)
    assert ApiClient(raw).get(URL).status_code == 403
    assert last_used(token)


@pytest.mark.parametrize("raw", ["certstates_" + "a" * 43, "garbage"])
def test_what_is_no_token_leaves_no_trace(db, raw):
    assert ApiClient(raw).get(URL).status_code == 401
    assert not TokenUse.objects.exists()


def test_an_expired_token_is_not_used(made):
    _, raw = made
    AccessToken.objects.update(expires=timezone.now() - dt.timedelta(seconds=1))
    assert ApiClient(raw).get(URL).status_code == 401
    assert not TokenUse.objects.exists()


@pytest.mark.parametrize("delete", [
    lambda token: token.delete(),
    lambda token: token.application.delete(),
    lambda token: revoke(AccessToken.objects.all()),
    lambda token: Application.objects.all().delete(),
])  # fmt: skip
def test_it_goes_with_its_token(made, delete):
    token, raw = made
    ApiClient(raw).get(URL)
    delete(token)
    assert not TokenUse.objects.exists()


# On connections of their own

concurrent = pytest.mark.django_db(transaction=True)


@concurrent
def test_of_many_uses_at_once_all_are_answered_and_one_is_noted(made, monkeypatch):
    token, raw = made
    written = []
    note = TokenUse.note

    def counted(token_id):
        with connection.cursor() as cursor:
            note(token_id)
            cursor.execute("SELECT xmin::text FROM certstates_tokenuse")
            written.append(cursor.fetchone())

    monkeypatch.setattr(TokenUse, "note", counted)
    answers = at_once(*[lambda: ApiClient(raw).get(URL)] * 8)
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({xmin for xmin in written if xmin}) == 1  # one transaction wrote the row
    assert last_used(token)


@concurrent
def test_the_condition_is_judged_by_the_database_once_for_all(made):
    token, _ = made
    TokenUse.note(token.pk)
    first = last_used(token)
    at_once(*[lambda: TokenUse.note(token.pk)] * 8)  # each has seen an old time
    assert last_used(token) == first


@concurrent
def test_nobody_waits_for_another_who_notes_or_revokes(made):
    token, raw = made
    ApiClient(raw).get(URL)
    age(token, MINUTE)

    def while_it_is_held(hold):
        with transaction.atomic():
            hold()
            [answer] = at_once(lambda: impatient(raw))
            transaction.set_rollback(True)
        return answer

    assert while_it_is_held(lambda: TokenUse.note(token.pk)) == 200
    assert while_it_is_held(lambda: AccessToken.objects.all().delete()) == 200


def impatient(raw):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    return ApiClient(raw).get(URL).status_code


@concurrent
def test_it_is_kept_though_the_request_fails(made):
    token, raw = made
    assert ApiClient(raw).create(make_body(unknown=1)).status_code == 400
    assert last_used(token)


@concurrent
def test_a_request_does_not_fail_with_it(made, caplog):
    token, raw = made
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE certstates_tokenuse ADD CONSTRAINT broken "
                       "CHECK (last_used IS NULL)")  # fmt: skip
    try:
        assert ApiClient(raw).create(make_body(id="a")).status_code == 201
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE certstates_tokenuse DROP CONSTRAINT broken")
    assert State.objects.filter(pk="a").exists()
    assert f"The use of token {token.pk} could not be noted" in caplog.text
    assert raw not in caplog.text


@concurrent
def test_a_token_that_is_revoked_meanwhile_is_harmless(made):
    token, _ = made
    AccessToken.objects.all().delete()
    TokenUse.note(token.pk)
    assert not TokenUse.objects.exists()


@concurrent
def test_a_token_is_revoked_while_it_is_used_again_and_again(made):
    make_state(id="a")
    ends = [issue("nightly", scope=READ, lifetime=DAY) for _ in range(10)]

    def use():
        return {ApiClient(raw).read("a").status_code for _, raw in ends * 3}

    def remove():
        return sum(revoke(AccessToken.objects.filter(pk=t.pk)) for t, _ in ends)

    *used, removed = at_once(use, use, use, remove)
    assert removed == len(ends)
    assert set().union(*used) <= {200, 401}
