"""The delta's addresses, pages, tokens and refusals."""

import pytest
from django.db import connection

from certstates.addresses import COLLECTION, DELTA
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RemovedState
from certstates.odata import delta
from certstates.odata.snapshot import Moment, Snapshot
from tests.make import ROOT, URL, error_of, make_body, make_state
from tests.mirror import Mirror, shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def records():
    for n in range(5):
        make_state(id=f"id-{n}")


@pytest.mark.parametrize("name", [*DELTA, "DELTA", "Microsoft.Graph.Delta()", "delta/"])
def test_the_function_has_several_names(reader, records, name):
    page = reader.get(f"{URL}/{name}").json()
    assert len(page["value"]) == 5
    assert page["@odata.deltaLink"].startswith(f"{ROOT}beta/{COLLECTION}/delta?")


@pytest.mark.parametrize("id", DELTA)
def test_a_record_may_bear_the_functions_name(operator, id):
    response = operator.create(make_body(id=id))
    assert response.headers["Location"].endswith(f"('{id}')")
    assert operator.get(response.headers["Location"]).json()["id"] == id


@pytest.mark.parametrize("root", ["beta/", "v1.0/", ""])
def test_links_stay_below_the_root_that_was_asked(reader, records, root):
    page = reader.get(f"/{root}{COLLECTION}/delta?$top=1").json()
    assert page["@odata.context"] == f"{ROOT}{root}$metadata#{COLLECTION}/$delta"
    assert page["@odata.nextLink"].startswith(f"{ROOT}{root}{COLLECTION}/delta?")


@pytest.mark.parametrize("option", ["$top", "top", "%24top", "$TOP"])
def test_top_is_the_page_size_of_every_round(reader, records, option):
    mirror = Mirror(reader, f"?{option}=2&custom=%7Bx%7D")

    def pages():
        is_last = False
        while not is_last:
            ids, is_last = mirror.read_page()
            assert "{" not in mirror.url
            assert "custom=%7Bx%7D" in mirror.url
            assert mirror.url.count("token=") == 1
            yield ids

    assert [*pages()] == [["id-0", "id-1"], ["id-2", "id-3"], ["id-4"]]
    State.objects.get(id="id-4").save()
    State.objects.get(id="id-0").delete()
    State.objects.get(id="id-1").delete()
    assert [*pages()] == [["id-4", "-id-0"], ["-id-1"]]


def test_a_page_that_is_just_full_is_the_last(reader, records):
    assert Mirror(reader, "?$top=5").read_page()[1]


def test_rows_of_one_transaction_are_paged_too(reader, records):
    mirror = Mirror(reader, "?$top=2")
    mirror.read_round()
    State.objects.update(user_principal_name="x")
    assert mirror.read_round() == [f"id-{n}" for n in range(5)]
    State.objects.all().delete()
    assert mirror.read_round() == [f"-id-{n}" for n in range(5)]


def test_latest_is_a_beginning_without_records(reader, records):
    mirror = Mirror(reader, "?$deltatoken=latest&$top=7")
    assert mirror.read_page() == ([], True)
    assert "$top=7" in mirror.url
    make_state(id="new")
    assert mirror.read_round() == ["new"]


def test_what_is_written_during_the_first_round_comes_with_the_next(reader, records):
    mirror = Mirror(reader, "?$top=2")
    mirror.read_page()
    make_state(id="id-9")  # after the place reached
    State.objects.get(id="id-4").save()
    State.objects.get(id="id-0").delete()
    # It was there when the round began, and is not left out for its new values.
    assert mirror.read_round() == ["id-2", "id-3", "id-4"]
    assert mirror.read_round() == ["id-9", "id-4", "-id-0"]


def test_a_round_ends_while_others_write_faster(reader, records):
    mirror = Mirror(reader, "?$top=1")
    mirror.read_round()
    make_state(id="1")
    make_state(id="2")
    found, is_last = [], False
    while not is_last and len(found) < 10:
        ids, is_last = mirror.read_page()
        found += ids
        make_state()
        make_state()
    assert found == ["1", "2"]


def test_a_last_page_that_became_empty_leads_on(reader, records):
    mirror = Mirror(reader, "?$top=1")
    mirror.read_round()
    make_state(id="x")
    make_state(id="y")
    assert mirror.read_page() == (["x"], False)
    State.objects.get(id="y").delete()
    assert mirror.read_page() == ([], True)
    assert mirror.read_page() == (["-y"], True)


FORGED = ["", "x", "WzFd", "WzFd:forged", "Latest", "%00", "é", "latest%20"]


@pytest.mark.parametrize("option", ["$deltatoken", "$skiptoken"])
@pytest.mark.parametrize("token", FORGED)
def test_a_forged_token_is_a_bad_request(reader, option, token):
    response = reader.get(f"{URL}/delta?{option}={token}")
    assert error_of(response, 400, "BadRequest")["target"] == option


def test_one_kind_of_token_is_not_taken_for_another(reader, records):
    lists = reader.get(f"{URL}?$top=1").json()["@odata.nextLink"]
    rounds = reader.get(f"{URL}/delta?$top=1").json()["@odata.nextLink"]
    deltas = reader.get(f"{URL}/delta").json()["@odata.deltaLink"]
    list_token, skip_token, delta_token = (
        link.rpartition("token=")[2] for link in (lists, rounds, deltas)
    )
    for url in (
        f"{URL}/delta?$skiptoken={list_token}",
        f"{URL}/delta?$skiptoken={delta_token}",
        f"{URL}/delta?$deltatoken={skip_token}",
        f"{URL}?$skiptoken={skip_token}",
        f"{URL}/delta?$skiptoken={skip_token}&$deltatoken={delta_token}",
        f"{URL}/delta?$skiptoken={skip_token}&$deltatoken=latest",
    ):
        error_of(reader.get(url), 400, "BadRequest")


def tokens_of(*, history=0, ahead=0):
    """Return both kinds of token, as this server would make them elsewhere or later."""
    now = Moment.now()
    seen = now.snapshot
    snapshot = Snapshot(seen.xmin + ahead, seen.xmax + ahead, frozenset())
    moment = Moment(snapshot, now.time, now.history + history)
    begun = delta.Round(None, moment.snapshot, moment.time)
    return {
        "$deltatoken": delta._delta_token(moment.snapshot, moment),
        "$skiptoken": delta._skip_token(begun, State(id="a"), moment),
    }


@pytest.mark.parametrize("option", ["$deltatoken", "$skiptoken"])
def test_a_token_of_this_history_is_taken(reader, option):
    response = reader.get(f"{URL}/delta", {option: tokens_of()[option]})
    assert response.status_code == 200


@pytest.mark.parametrize("option", ["$deltatoken", "$skiptoken"])
@pytest.mark.parametrize("other", [{"history": 1}, {"ahead": 1000}])
def test_a_token_of_another_or_a_lost_history_is_gone(reader, option, other):
    token = tokens_of(**other)[option]
    response = reader.get(f"{URL}/delta", {option: token, "$top": "5"})
    error = error_of(response, 410, "SyncStateNotFound")
    assert "without a token" in error["message"]
    assert response.headers["Location"] == f"{ROOT}beta/{COLLECTION}/delta"
    assert reader.get(response.headers["Location"]).status_code == 200


def test_emptying_the_table_of_the_removed_ends_the_history(reader, records):
    mirror = Mirror(reader)
    mirror.read_round()
    State.objects.get(id="id-0").delete()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {RemovedState._meta.db_table}")
    error_of(reader.get(mirror.url), 410, "SyncStateNotFound")


@pytest.mark.parametrize("option", ["$filter", "orderby", "$search", "$count", "$skip"])
def test_other_options_are_refused_by_name(reader, option):
    error = error_of(reader.get(f"{URL}/delta", {option: "1"}), 501, "NotImplemented")
    assert error["target"] == option


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_only_for_reading(operator, method):
    response = getattr(operator, method)(f"{URL}/delta")
    error_of(response, 405, "MethodNotAllowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_it_needs_a_token_and_answers_head_and_options(reader, stranger):
    error_of(stranger.get(f"{URL}/delta"), 401, "InvalidAuthenticationToken")
    head = reader.head(f"{URL}/delta")
    assert (head.status_code, head.content) == (200, b"")
    assert reader.options(f"{URL}/delta").status_code == 204


def test_a_removed_record_is_shown_by_its_id_alone(reader, records):
    latest = Mirror(reader, "?$deltatoken=latest")
    latest.read_page()
    State.objects.get(id="id-0").delete()
    [item] = reader.get(latest.url).json()["value"]
    assert item == {"id": "id-0", "@removed": {"reason": "deleted"}}
    assert shown(item) == "-id-0"
