"""$batch: its requests are done in their order, and one's failure is not another's."""

import logging

import pytest
from django.db import connection

from certstates import views
from certstates.addresses import COLLECTION
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ_WRITE
from tests.batches import BODY_IS_JSON, ask, item_error, responses_of, send_batch
from tests.make import (
    JSON,
    ROOT,
    URL,
    ApiClient,
    error_of,
    make_body,
    make_state,
    make_token,
)

pytestmark = pytest.mark.django_db


def test_a_batch_creates_changes_reads_and_deletes_in_its_order(operator):
    make_state(id="old")
    response = send_batch(
        operator,
        ask("1", "POST", URL, body=make_body(id="new"), headers=BODY_IS_JSON),
        ask(
            "2",
            "PATCH",
            f"{URL}/new",
            body={"managedDeviceDisplayName": "renamed"},
            headers=BODY_IS_JSON,
            dependsOn=["1"],
        ),
        ask("3", "GET", f"{URL}/new", dependsOn=["2"]),
        ask("4", "DELETE", f"{URL}/old", dependsOn=["3"]),
        ask("5", "GET", f"{URL}?$top=1"),
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    assert [*response.json()] == ["responses"]
    created, changed, read, deleted, listed = response.json()["responses"]
    assert [created["id"], created["status"]] == ["1", 201]
    assert created["headers"]["Location"] == f"{ROOT}beta/{COLLECTION}/new"
    assert created["headers"]["Content-Type"].startswith(JSON)
    assert created["headers"]["OData-Version"] == "4.0"
    assert created["body"]["managedDeviceDisplayName"] == "LAPTOP-4711"
    assert [changed["status"], read["status"]] == [200, 200]
    assert changed["body"] == read["body"] == operator.read("new").json()
    assert read["body"]["managedDeviceDisplayName"] == "renamed"
    assert deleted["status"] == 204
    assert "body" not in deleted
    assert "Content-Type" not in deleted["headers"]
    assert [record["id"] for record in listed["body"]["value"]] == ["new"]
    assert [*State.objects.values_list("id", flat=True)] == ["new"]


def test_a_batch_holds_20_lists(reader, django_assert_num_queries):
    make_state()
    items = [ask(str(n), "GET", URL) for n in range(20)]
    with django_assert_num_queries(1 + 20):  # the token once, and each page
        answers = responses_of(reader, *items)
    assert all(len(answer["body"]["value"]) == 1 for answer in answers)


def test_unknown_members_and_nulls_are_passed_over(reader):
    # The Python SDK sends depends_on always and dependsOn never.
    item = ask("1", "get", URL, depends_on=[], x={"y": 1})
    [answer] = responses_of(reader, {**item, "headers": None, "dependsOn": None})
    assert answer["status"] == 200


# --- Rights --------------------------------------------------------------------------


def test_a_reader_may_batch_what_it_may_do(reader):
    make_state(id="a")
    statuses = [
        answer["status"]
        for answer in responses_of(
            reader,
            ask("1", "GET", URL),
            ask("2", "POST", URL, body=make_body(), headers=BODY_IS_JSON),
            ask("3", "PATCH", f"{URL}/a", body={}, headers=BODY_IS_JSON),
            ask("4", "DELETE", f"{URL}/a"),
            ask("5", "GET", f"{URL}/a"),
        )
    ]
    assert statuses == [200, 403, 403, 403, 200]
    assert State.objects.count() == 1


def test_an_item_cannot_bring_a_better_token(reader):
    better = {"Authorization": f"Bearer {make_token(READ_WRITE)}"}
    make_state(id="a")
    [answer] = responses_of(reader, ask("1", "DELETE", f"{URL}/a", headers=better))
    assert READ_WRITE in item_error(answer, 403, "Forbidden")["message"]


def test_a_batch_needs_a_token_of_its_own(stranger):
    token = {"Authorization": f"Bearer {make_token(READ_WRITE)}"}
    response = send_batch(stranger, ask("1", "GET", URL, headers=token))
    error_of(response, 401, "InvalidAuthenticationToken")


def test_a_batch_needs_either_scope():
    client = ApiClient(make_token("User.Read"))
    error_of(send_batch(client, ask("1", "GET", URL)), 403, "Forbidden")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_a_batch_is_only_posted(operator, method):
    response = operator.generic(method, "/beta/$batch")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


def test_only_the_api_can_be_reached(operator):
    paths = ["/admin/", "/docs/", "/static/certstates/icon.svg", "/beta/../admin/"]
    items = [ask(path, "GET", path) for path in paths]
    for batch in ("/beta/$batch", "/$batch"):
        for answer in responses_of(operator, *items, url=batch):
            item_error(answer, 400, "BadRequest")


# --- One failure is not another's ----------------------------------------------------


def test_what_depends_on_a_failure_is_not_run(operator):
    create = {"headers": BODY_IS_JSON, "body": make_body()}
    answers = responses_of(
        operator,
        ask("Root", "GET", f"{URL}/nope"),
        ask("child", "POST", URL, **create, dependsOn=["ROOT"]),
        ask("grandchild", "POST", URL, **create, dependsOn=["child"]),
        ask("free", "GET", URL),
        ask("both", "POST", URL, **create, dependsOn=["free", "root"]),
        ask("fine", "GET", URL, dependsOn=["free"]),
    )
    assert [a["status"] for a in answers] == [404, 424, 424, 200, 424, 200]
    assert not State.objects.exists()
    message = item_error(answers[1], 424, "FailedDependency")["message"]
    assert "'Root'" in message


def test_what_was_done_before_a_failure_stays(operator):
    item = {"headers": BODY_IS_JSON, "body": make_body(id="a")}
    answers = responses_of(
        operator,
        ask("1", "POST", URL, **item),
        ask("2", "POST", URL, **item),
        ask("3", "GET", f"{URL}/a", dependsOn=["1"]),
    )
    assert [a["status"] for a in answers] == [201, 409, 200]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("place", ["dispatch", "records", "finalize_response"])
def test_a_bug_is_the_500_of_its_item_alone(
    operator, settings, monkeypatch, caplog, debug, place
):
    settings.DEBUG = debug
    make_state(id="a")
    works = getattr(views.CertificateStateViewSet, place)

    def broken(view, *args, **kwargs):
        request = view.request if place == "records" else args[0]
        if "custom" in request.GET:
            raise RuntimeError("secret detail")
        return works(view, *args, **kwargs)

    monkeypatch.setattr(views.CertificateStateViewSet, place, broken)
    with caplog.at_level(logging.ERROR):
        crashed, dependent, fine = responses_of(
            operator,
            ask("1", "GET", f"{URL}?custom=1"),
            ask("2", "GET", URL, dependsOn=["1"]),
            ask("3", "DELETE", f"{URL}/a"),
        )
    item_error(crashed, 500, "InternalServerError")
    assert "secret" not in str(crashed)
    assert "secret detail" in caplog.text
    assert [dependent["status"], fine["status"]] == [424, 204]


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_fails_one_item_and_not_the_next(operator, monkeypatch):
    make_state(id="a")
    records = views.CertificateStateViewSet.records

    def lost(view):
        if "custom" in view.request.GET:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return records(view)

    monkeypatch.setattr(views.CertificateStateViewSet, "records", lost)
    first, second = responses_of(
        operator, ask("1", "GET", f"{URL}?custom=1"), ask("2", "GET", URL)
    )
    assert [first["status"], second["status"]] == [500, 200]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_around_the_items(operator, monkeypatch):
    found = []
    records = views.CertificateStateViewSet.records

    def watched(view):
        found.append(connection.in_atomic_block)
        return records(view)

    monkeypatch.setattr(views.CertificateStateViewSet, "records", watched)
    responses_of(operator, ask("1", "GET", URL), ask("2", "GET", URL))
    assert found == [False, False]
