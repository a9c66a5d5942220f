"""The test bench: records are reset, kept and restored over HTTP."""

import ast
import datetime as dt
import uuid

import pytest
from django.core.management import CommandError
from django.db import connection

from certstates.management.commands import up
from certstates.models import Door, RemovedState, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ, READ_WRITE
from certstates.testbench import tables
from tests.bench import BenchClient, install
from tests.make import ROOT, URL, ApiClient, error_of, make_body, make_state, make_token
from tests.test_settings import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def bench(settings, db):
    install(settings)
    return BenchClient(make_token(READ_WRITE))


def values():
    names = [f.name for f in State._meta.concrete_fields if f.name != "version"]
    return [*State.objects.order_by("id").values_list(*names)]


def test_a_reset_replaces_all_records_by_a_fixture(bench):
    make_state(id="mine")
    response = bench.send("/reset", {"fixture": "expiring"})
    assert response.status_code == 200
    count = State.objects.count()
    assert response.json() == {"fixture": "expiring", "removed": 1, "created": count}
    assert count == int(bench.get(f"{URL}/$count").content)
    tomorrow = State.objects.get(id__endswith="expires-tomorrow")
    ahead = tomorrow.certificate_expiration_date_time - dt.datetime.now(dt.UTC)
    assert abs(ahead - dt.timedelta(days=1)) < dt.timedelta(minutes=1)
    event = StateEvent.objects.get(pgh_obj_id="mine", pgh_label="delete")
    assert event.pgh_context["door"] == Door.API
    assert event.pgh_context["who"] == "tests"
    assert event.pgh_context["reason"] == "Test bench: reset to expiring"


def test_without_a_body_it_is_the_sample(bench):
    assert bench.send("/reset").json()["fixture"] == "sample"
    assert State.objects.count() == 42


def test_a_fixture_can_be_told_at_any_moment(bench):
    moment = "2030-02-28T12:00:00+01:00"
    assert bench.send("/reset", {"fixture": "expiring", "now": moment}).json()
    record = State.objects.get(id__endswith="expires-now")
    assert record.certificate_expiration_date_time == dt.datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("path", "body", "target"),
    [
        ("/reset", {"fixture": "invented"}, "fixture"),
        ("/reset", {"fixture": "../sample"}, "fixture"),
        ("/reset", {"fixture": 1}, "fixture"),
        ("/reset", {"fixtures": "sample"}, "fixtures"),
        ("/reset", {"now": "tomorrow"}, "now"),
        ("/reset", {"now": "2026-11-23T08:00:00"}, "now"),
        ("/reset", {"now": "0001-01-01T00:00:00Z"}, "now"),
        ("/reset", ["sample"], None),
        ("/snapshots", {"name": ""}, "name"),
        ("/snapshots", {"name": "a/b"}, "name"),
        ("/snapshots", {"name": "a" * 65}, "name"),
        ("/snapshots", {"name": None}, "name"),
        ("/restore", {}, "name"),
        ("/restore", {"name": ["a"]}, "name"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(bench, path, body, target):
    make_state(id="mine")
    error = error_of(bench.send(path, body), 400, "BadRequest")
    assert error.get("target") == target
    assert State.objects.get().id == "mine"


def test_a_restore_brings_every_record_back_as_it_was(bench):
    bench.send("/reset", {"fixture": "unicode"})
    before = values()
    response = bench.send("/snapshots", {"name": "before"})
    assert response.status_code == 201
    assert response.headers["Location"] == f"{ROOT}testbench/snapshots/before"
    assert response.json()["records"] == len(before)

    [first, second, *_] = State.objects.order_by("id")
    etags = {id: bench.read(id).headers["ETag"] for id in (first.id, second.id)}
    assert bench.delete(f"{URL}/{State.objects.last().id}").status_code == 204
    bench.change(first.id, {"userPrincipalName": "somebody@contoso.example"})
    bench.create(make_body(id="new"))

    response = bench.send("/restore", {"name": "before"})
    assert response.json() == {
        "name": "before", "removed": 1, "changed": 1, "created": 1,
    }  # fmt: skip
    assert values() == before
    # What was not touched has its ETag; what was, none that it ever had.
    assert bench.read(second.id).headers["ETag"] == etags[second.id]


def test_a_restore_can_be_repeated(bench):
    make_state(id="a")
    bench.send("/snapshots", {"name": "one"})
    for _ in range(2):
        State.objects.all().delete()
        assert bench.send("/restore", {"name": "one"}).json()["created"] == 1
    assert bench.send("/restore", {"name": "one"}).json()["created"] == 0


def test_snapshots_are_listed_and_forgotten(bench):
    make_state()
    unnamed = bench.send("/snapshots").json()["name"]
    assert uuid.UUID(unnamed)
    bench.send("/snapshots", {"name": "second"})
    listed = bench.send("/snapshots", method="GET").json()["value"]
    assert {found["name"] for found in listed} == {unnamed, "second"}
    one = bench.send("/snapshots/second", method="GET").json()
    assert one in listed
    assert bench.send("/snapshots/second", method="DELETE").status_code == 204
    for path, method in (("/snapshots/second", "DELETE"), ("/snapshots/x", "GET")):
        error_of(bench.send(path, method=method), 404, "ResourceNotFound")
    error_of(bench.send("/restore", {"name": "second"}), 404, "ResourceNotFound")
    assert State.objects.count() == 1


def test_a_name_that_is_taken_is_refused(bench):
    bench.send("/snapshots", {"name": "one"})
    make_state()
    error_of(bench.send("/snapshots", {"name": "one"}), 409, "Conflict")
    assert bench.send("/snapshots/one", method="GET").json()["records"] == 0


def test_at_a_glance_there_is_all(bench):
    bench.send("/snapshots", {"name": "one"})
    bench.faults({"fault": "503"})
    shown = bench.send("", method="GET").json()
    assert "sample" in shown["fixtures"]
    assert shown["snapshots"][0]["name"] == "one"
    assert shown["faults"][0]["fault"] == "503"


PATHS = {
    "": "GET",
    "/reset": "POST",
    "/snapshots": "GET POST",
    "/snapshots/a": "GET DELETE",
    "/restore": "POST",
    "/faults": "GET PUT POST DELETE",
}


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_more_than_the_token_allows(bench, path):
    make_state()
    reader, stranger = BenchClient(make_token(READ)), BenchClient()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        body = {} if method in ("POST", "PUT", "PATCH") else None
        response = stranger.send(path, body, method=method)
        error_of(response, 401, "InvalidAuthenticationToken")
        if method != "GET":
            response = reader.send(path, body, method=method)
            error_of(response, 403, "Forbidden")
        if method not in PATHS[path].split():
            error_of(bench.send(path, body, method=method), 405, "MethodNotAllowed")
    assert State.objects.count() == 1


def test_an_unknown_address_below_it_is_refused_as_everywhere(bench):
    error_of(bench.send("/invented"), 400, "BadRequest")


def test_without_the_setting_there_is_no_such_address(operator):
    for path in PATHS:
        response = operator.post(f"/testbench{path}")
        error_of(response, 400, "BadRequest")
    response = operator.get(URL, headers={"X-Certstates-Fault": "429"})
    assert response.status_code == 200


def test_its_modules_are_not_even_imported_without_the_setting(settings):
    assert not [path for path in settings.MIDDLEWARE if "testbench" in path]


def test_with_the_setting_it_stands_where_these_tests_have_it(settings, bench):
    code, said, err = read("MIDDLEWARE", DEBUG="on", TESTBENCH="on")
    assert code == 0, err
    assert ast.literal_eval(said) == settings.MIDDLEWARE


def test_a_server_with_records_is_no_bench_until_they_are_given_up(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/name")
    make_state()
    with pytest.raises(CommandError, match=r"records in .*reset_states"):
        up.refuse_records_of_others()
    State.objects.all().delete()
    up.refuse_records_of_others()
    tables.prepare()
    make_state()
    up.refuse_records_of_others()


def test_the_embedded_database_may_be_a_bench(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    make_state()
    up.refuse_records_of_others()


def delta(client, link):
    """Return what changed, by id, and the next link."""
    answer = client.get(link.removeprefix(ROOT.rstrip("/"))).json()
    found = {item["id"]: "@removed" in item for item in answer["value"]}
    return found, answer["@odata.deltaLink"]


@pytest.mark.django_db(transaction=True)
def test_a_delta_tells_of_reset_and_restore(settings):
    install(settings)
    try:
        bench = BenchClient(make_token(READ_WRITE))
        for id in ("changed", "kept", "removed"):
            make_state(id=id)
        _, link = delta(bench, f"{URL}/delta")
        bench.send("/snapshots", {"name": "one"})
        bench.change("changed", {"userPrincipalName": "b@contoso.example"})
        bench.delete(f"{URL}/removed")
        bench.create(make_body(id="added"))
        found, link = delta(bench, link)
        assert found == {"changed": False, "removed": True, "added": False}

        bench.send("/restore", {"name": "one"})
        found, link = delta(bench, link)
        assert found == {"changed": False, "removed": False, "added": True}

        bench.send("/reset", {"fixture": "empty"})
        found, link = delta(bench, link)
        assert found == {"changed": True, "removed": True, "kept": True}

        bench.send("/reset")
        bench.send("/reset")
        found, link = delta(bench, link)
        assert len(found) == 42
        assert not any(found.values())
        assert delta(bench, link)[0] == {}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "DROP TABLE certstates_testbench_record,"
                " certstates_testbench_snapshot, certstates_testbench_rule"
            )
        RemovedState.objects.all().delete()


def test_many_records_are_kept_and_restored(bench):
    """A hundred thousand take seconds; here a tenth of them, and no measuring."""
    from django.core.management import call_command

    call_command("seed_states", "--count", "10000", verbosity=0, stdout=None)
    bench.send("/snapshots", {"name": "many"})
    State.objects.filter(certificate_revoke_status=0).delete()
    left = State.objects.count()
    restored = bench.send("/restore", {"name": "many"}).json()
    assert restored["created"] == 10_000 - left
    assert State.objects.count() == 10_000


def test_requests_of_pages_are_not_touched(bench):
    assert ApiClient().get("/docs/").status_code == 200
