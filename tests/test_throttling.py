"""Graph's limits: so many writes and requests in 20 seconds, and then 429."""

import time

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import AccessToken, Application

from certstates import throttling, views
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import ThrottleCount
from certstates.permissions import READ_WRITE
from certstates.throttling import Rate, admit, memory
from tests.batches import BODY_IS_JSON, ask, item_error, responses_of
from tests.make import URL, ApiClient, error_of, make_body, make_state, make_token
from tests.test_settings import read

pytestmark = pytest.mark.django_db

LIMITS = ("APP_WRITES", "TENANT_WRITES", "APP_REQUESTS", "TENANT_REQUESTS")


@pytest.fixture(autouse=True)
def limits(settings):
    """Return a function that sets some limits, and has no others."""

    def limit(**found):
        settings.THROTTLE = True
        for name in LIMITS:
            setattr(settings, f"THROTTLE_{name}", found.get(name, 0))

    memory.clear()
    yield limit
    memory.clear()


def pass_by(seconds):
    """Let all that was counted have been so many seconds earlier."""
    memory.clear()
    ThrottleCount.objects.update(second=F("second") - seconds - 1_000_000)
    ThrottleCount.objects.update(second=F("second") + 1_000_000)


def another_client():
    """Return a client of another application."""
    client = ApiClient(make_token(READ_WRITE))
    AccessToken.objects.filter(pk=AccessToken.objects.latest("pk").pk).update(
        application=Application.objects.create(name="other", client_type="confidential")
    )
    return client


def test_a_write_above_the_limit_is_refused_and_admitted_after_the_said_time(
    operator, limits
):
    limits(APP_WRITES=3)
    assert [operator.create(make_body()).status_code for _ in range(3)] == [201] * 3
    response = operator.create(make_body())
    error = error_of(response, 429, "TooManyRequests")
    wait = int(response.headers["Retry-After"])
    assert 18 <= wait <= 21
    assert error["message"] == (
        "Too many writes of this application: 3 in 20 seconds are allowed. "
        f"Nothing was done; try again in {wait} s."
    )
    assert State.objects.count() == 3
    assert operator.get(URL).status_code == 200

    pass_by(wait - 2)
    assert operator.create(make_body()).status_code == 429
    pass_by(2)
    assert operator.create(make_body()).status_code == 201


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("APP_WRITES", "writes of this application"),
        ("TENANT_WRITES", "writes of all applications together"),
        ("APP_REQUESTS", "requests of this application"),
        ("TENANT_REQUESTS", "requests of all applications together"),
    ],
)
def test_each_limit_is_one_of_its_own(operator, limits, limit, words):
    other = another_client()
    limits(**{limit: 2})

    def write(client):
        return client.change("nobody", {}).status_code

    assert [write(operator), write(operator)] == [404, 404]
    response = operator.change("nobody", {})
    message = error_of(response, 429, "TooManyRequests")["message"]
    assert f"Too many {words}: 2 in 20 seconds" in message
    assert write(other) == (429 if limit.startswith("TENANT") else 404)
    reads = operator.get(URL).status_code
    assert reads == (429 if limit.endswith("REQUESTS") else 200)


def test_the_limit_that_lasts_longest_is_the_one_that_is_named(operator, limits):
    limits(APP_WRITES=1)
    operator.create(make_body())
    pass_by(10)
    limits(APP_WRITES=1, APP_REQUESTS=1)
    operator.get(URL)
    response = operator.create(make_body())
    error = error_of(response, 429, "TooManyRequests")
    assert "requests of this application" in error["message"]
    assert int(response.headers["Retry-After"]) >= 18


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_what_changes_nothing_is_no_write(operator, limits, method):
    limits(APP_WRITES=1, APP_REQUESTS=2)
    for _ in range(2):
        assert getattr(operator, method)(URL).status_code in (200, 204)
    assert getattr(operator, method)(URL).status_code == 429


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_could_change_something_is_a_write(operator, limits, method):
    limits(APP_WRITES=1)
    assert getattr(operator, method)(f"{URL}/nobody").status_code in (
        400,
        404,
        405,
        415,
    )
    assert getattr(operator, method)(f"{URL}/nobody").status_code == 429


def test_a_refused_request_counts_nowhere(operator, limits):
    limits(APP_WRITES=1, APP_REQUESTS=4)
    operator.create(make_body())
    for _ in range(9):
        memory.clear()
        assert operator.create(make_body()).status_code == 429
    assert [operator.get(URL).status_code for _ in range(4)] == [200] * 3 + [429]


def test_no_twenty_seconds_admit_more_than_the_limit(db):
    """Use the limit up at any point of a window that moves on by seconds."""
    rate = Rate("x", 5)
    admitted = []
    for now in range(90):
        for _ in range(3):
            if not admit(rate):
                admitted.append(now)
        pass_by(1)
    for end in range(90):
        assert sum(end - 20 < moment <= end for moment in admitted) <= 5
    assert len(admitted) >= 5 * 4


def test_the_seconds_that_are_said_are_true(limits):
    rate = Rate("x", 1)
    assert not admit(rate)
    pass_by(19)
    refusal = admit(rate)
    assert 0 < refusal.wait <= 2
    time.sleep(refusal.wait - 0.2)
    assert admit(rate)
    time.sleep(0.2 + refusal.retry_after - refusal.wait)
    assert not admit(rate)


def test_a_clock_that_is_put_back_locks_nobody_out(limits):
    rate = Rate("x", 1)
    assert not admit(rate)
    assert admit(rate)
    pass_by(-3600)
    assert not admit(rate)
    assert 0 < admit(rate).wait <= 21


def test_each_request_of_a_batch_counts_and_is_refused_by_itself(operator, limits):
    limits(APP_WRITES=2, APP_REQUESTS=4)
    post = {"headers": BODY_IS_JSON, "body": make_body()}
    items = [ask(f"{n}", "POST", URL, **post) for n in range(3)]
    answers = responses_of(
        operator, *items, ask("3", "GET", URL), ask("4", "GET", "/nothing")
    )
    assert [answer["status"] for answer in answers] == [201, 201, 429, 200, 400]
    error = item_error(answers[2], 429, "TooManyRequests")
    assert error["message"].startswith("Too many writes of this application: 2 in")
    assert 18 <= int(answers[2]["headers"]["Retry-After"]) <= 21
    assert State.objects.count() == 2
    # Neither the batch nor the unknown route nor what was refused has counted.
    assert [operator.get(URL).status_code for _ in range(2)] == [200, 429]


def test_who_is_not_admitted_anyway_does_not_count(operator, reader, stranger, limits):
    limits(APP_WRITES=1, APP_REQUESTS=1, TENANT_WRITES=1, TENANT_REQUESTS=1)
    for _ in range(3):
        assert stranger.create(make_body()).status_code == 401
        assert ApiClient("certstates_x").create(make_body()).status_code == 401
        assert reader.create(make_body()).status_code == 403
        assert operator.get("/beta/nothing").status_code == 400
    assert not ThrottleCount.objects.exists()
    assert operator.create(make_body()).status_code == 201


@pytest.mark.parametrize("path", ["/beta/", "/beta/$metadata", "/docs/openapi.json"])
def test_what_is_open_to_everyone_is_not_counted(operator, stranger, limits, path):
    limits(APP_REQUESTS=1, TENANT_REQUESTS=1)
    for client in (operator, stranger):
        assert client.get(path).status_code == 200
    assert not ThrottleCount.objects.exists()


def test_a_refusal_comes_before_anything_is_done(operator, limits, monkeypatch):
    """Clients repeat a POST after 429: nothing may have been committed by then."""
    limits(APP_WRITES=1)
    make_state(id="a")
    operator.create(make_body())
    entered = []
    viewset = views.CertificateStateViewSet
    for name in ("create", "partial_update", "destroy", "update"):
        monkeypatch.setattr(
            viewset,
            name,
            lambda *_, name=name, **__: entered.append(name),
            raising=False,
        )
    with CaptureQueriesContext(connection) as captured:
        assert operator.create(make_body()).status_code == 429
        assert operator.change("a", {"certificateKeyUsages": 1}).status_code == 429
        assert operator.delete(f"{URL}/a").status_code == 429
    assert entered == []
    verbs = {query["sql"].partition(" ")[0] for query in captured}
    assert verbs == {"SELECT"}


@pytest.mark.parametrize(
    ("is_on", "limit", "questions"), [(True, 9, 1), (True, 0, 0), (False, 9, 0)]
)
def test_all_limits_together_cost_one_question(
    operator, limits, settings, is_on, limit, questions
):
    limits(**dict.fromkeys(LIMITS, limit))
    settings.THROTTLE = is_on
    with CaptureQueriesContext(connection) as captured:
        assert operator.create(make_body()).status_code == 201
    asked = [
        q["sql"] for q in captured if "throttle" in q["sql"] or "admit" in q["sql"]
    ]
    assert len(asked) == questions
    # What the history is told of a writing statement is not wanted here.
    assert all(sql.startswith("SELECT refused") for sql in asked)


def test_who_hammers_costs_the_database_nothing_more_than_the_token(operator, limits):
    limits(TENANT_WRITES=1)
    operator.create(make_body())
    first = operator.create(make_body())
    with CaptureQueriesContext(connection) as captured:
        again = operator.create(make_body())
    assert len(captured) == 1
    assert first.status_code == again.status_code == 429
    waits = [int(answer.headers["Retry-After"]) for answer in (first, again)]
    assert waits[0] - 1 <= waits[1] <= waits[0]


def test_what_is_remembered_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(throttling, "MOST_REMEMBERED", 3)
    for n in range(9):
        rate = Rate(f"{n}", 1)
        admit(rate)
        assert admit(rate)
    assert len(memory._until) == 3


def test_a_database_that_cannot_count_admits_nothing(operator, limits, monkeypatch):
    limits(APP_WRITES=100)

    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(ThrottleCount.objects, "admit", fail)
    error_of(operator.create(make_body()), 500, "InternalServerError")
    assert not State.objects.exists()


def test_one_can_ask_without_counting():
    rate = Rate("failures of 192.0.2.1", 2)
    assert [admit(rate, counting=False) for _ in range(5)] == [None] * 5
    assert [admit(rate) for _ in range(2)] == [None] * 2
    assert admit(rate, counting=False).rate is rate


@pytest.mark.parametrize("key", ["", "a\0b", "\ud800", "é" * 5000, "'; --", "{,}"])
def test_a_key_may_be_whatever_a_stranger_chose(key):
    rate = Rate(key, 1)
    assert not admit(rate)
    assert admit(rate)
    assert not admit(Rate(f"{key}.", 10**12))


def test_what_is_older_than_the_span_is_deleted_in_passing():
    ThrottleCount.objects.bulk_create(
        ThrottleCount(key=f"{n}", second=n, count=1) for n in range(2500)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
    for _ in range(1500):
        assert not admit(Rate("kept", 10_000))
    assert {count.key for count in ThrottleCount.objects.all()} == {"kept"}
    assert sum(count.count for count in ThrottleCount.objects.all()) == 1500


def test_the_counts_are_not_logged():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relpersistence FROM pg_class "
            "WHERE oid = 'certstates_throttlecount'::regclass"
        )
        assert cursor.fetchone() == ("u",)


@pytest.mark.parametrize("name", [f"THROTTLE_{limit}" for limit in LIMITS])
def test_a_limit_is_a_whole_number(name):
    assert read(name)[1] in ("100", "200", "1000", "2000")
    assert read(name, **{name: "7"})[1] == "7"
    code, _, err = read(name, **{name: "-1"})
    assert code == 1
    assert f"{name} must be a whole number from 0 to" in err


@pytest.mark.parametrize(
    ("environment", "is_on"),
    [
        ({}, "True"),
        ({"DEBUG": "on"}, "False"),
        ({"DEBUG": "on", "THROTTLE": "on"}, "True"),
        ({"THROTTLE": "off"}, "False"),
    ],
)
def test_it_is_on_where_debug_is_off_unless_it_is_said(environment, is_on):
    assert read("THROTTLE", **environment)[1] == is_on
    assert "THROTTLE must be on" in read("THROTTLE", THROTTLE="yes")[2]
