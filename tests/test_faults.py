"""Faults: by a header for one request, by rules for many."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ_WRITE
from certstates.testbench import faults
from tests.bench import BenchClient, install
from tests.make import ROOT, URL, error_of, make_body, make_state, make_token

pytestmark = pytest.mark.django_db

FAULT = "X-Certstates-Fault"


@pytest.fixture
def bench(settings, db):
    install(settings)
    return BenchClient(make_token(READ_WRITE))


def faulty(client, fault, url=URL, **extra):
    return client.get(url, headers={FAULT: fault}, **extra)


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        ("401", 401, "InvalidAuthenticationToken", None),
        ("429", 429, "TooManyRequests", None),
        ("429; retry-after=3", 429, "TooManyRequests", "3"),
        ("429;retry-after=0", 429, "TooManyRequests", "0"),
        ("500", 500, "InternalServerError", None),
        ("502", 502, "BadGateway", None),
        ("503", 503, "ServiceUnavailable", None),
        (" 503 ; retry-after=120 ", 503, "ServiceUnavailable", "120"),
        ("504", 504, "GatewayTimeout", None),
        ("507", 507, "InsufficientStorage", None),
    ],
)
def test_an_error_looks_as_graphs_own(bench, fault, status, code, retry_after):
    response = faulty(bench, fault)
    error_of(response, status, code)
    assert response.headers.get("Retry-After") == retry_after
    assert FAULT not in response.headers
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_every_kind_is_tried_here_or_below():
    tried = {"401", "429", "500", "502", "503", "504", "507"}
    assert {*faults.ERRORS} == tried
    others = {"latency", "truncate", "expired-link", "empty-page", "repeated-page"}
    assert {*faults.PARAMETERS} == tried | others


def test_by_default_nothing_is_done_before_a_fault(bench):
    response = bench.create(make_body(), headers={FAULT: "503"})
    assert response.status_code == 503
    assert not State.objects.exists()


def test_after_the_work_only_the_answer_is_lost(bench):
    response = bench.create(make_body(id="a"), headers={FAULT: "504; after"})
    error_of(response, 504, "GatewayTimeout")
    assert State.objects.get().id == "a"
    error_of(bench.create(make_body(id="a")), 409, "Conflict")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("", "no fault ''"),
        ("418", "no fault '418'"),
        ("429, 503", "no fault"),
        ("429; retry_after=3", "no parameter 'retry_after'; it has after, retry-after"),
        ("500; retry-after=3", "no parameter 'retry-after'; it has after"),
        ("429; retry-after", "retry-after must be a whole number of at most 3600"),
        ("429; retry-after=-1", "retry-after must be"),
        ("429; retry-after=3601", "retry-after must be"),
        ("429; retry-after=٣", "retry-after must be"),
        ("429; after; after", "after occurs twice"),
        ("429; after=yes", "after has no value"),
        ("latency", "latency needs seconds"),
        ("latency; seconds=61", "seconds must be a number of at most 60"),
        ("latency; seconds=1e1", "seconds must be a number"),
        ("latency; seconds=nan", "seconds must be a number"),
        ("truncate; bytes=half", "bytes must be a whole number"),
        ("expired-link; after", "it has none"),
        ("expired-link", "no $skiptoken"),
    ],
)
def test_a_fault_that_is_none_is_refused_with_a_sentence(bench, fault, words):
    error = error_of(faulty(bench, fault), 400, "BadRequest")
    assert words in error["message"]
    assert error["target"] == FAULT


def test_the_bench_itself_has_no_faults(bench):
    response = bench.send("/reset", headers={FAULT: "503"})
    error_of(response, 400, "BadRequest")
    bench.faults({"fault": "503"})
    assert bench.send("/faults", method="DELETE").status_code == 204
    assert bench.get(URL).status_code == 200


@pytest.mark.parametrize("fault", ["latency; seconds=0.3", "latency; seconds=.3"])
def test_an_answer_can_be_late(bench, fault):
    began = time.monotonic()
    response = faulty(bench, fault)
    if "=.3" in fault:
        error_of(response, 400, "BadRequest")
        return
    assert time.monotonic() - began >= 0.3
    assert response.status_code == 200


@pytest.mark.parametrize(("fault", "kept"), [("truncate; bytes=7", 7), ("truncate", 0)])
def test_a_truncated_body_promises_more_than_it_has(bench, fault, kept):
    whole = bench.get(URL).content
    response = faulty(bench, fault)
    assert response.status_code == 200
    assert response.headers["Content-Length"] == str(len(whole))
    assert b"".join(response) == whole[: kept or len(whole) // 2]


def test_what_has_no_body_cannot_be_truncated(bench):
    make_state(id="a")
    response = bench.delete(f"{URL}/a", headers={FAULT: "truncate"})
    assert response.status_code == 204


# --- Pages ----------------------------------------------------------------------------


def path_of(link):
    return link.removeprefix(ROOT.rstrip("/"))


def test_a_link_can_expire(bench):
    for number in range(3):
        make_state(id=f"{number}")
    link = path_of(bench.get(f"{URL}?$top=1").json()["@odata.nextLink"])
    error = error_of(faulty(bench, "expired-link", link), 400, "BadRequest")
    assert error["target"] == "$skiptoken"
    assert bench.get(link).status_code == 200


@pytest.mark.parametrize("link", ["@odata.nextLink", "@odata.deltaLink"])
def test_a_delta_can_be_forgotten(bench, link):
    for number in range(3):
        make_state(id=f"{number}")
    top = "?$top=1" if link == "@odata.nextLink" else ""
    link = path_of(bench.get(f"{URL}/delta{top}").json()[link])
    response = faulty(bench, "expired-link", link)
    error_of(response, 410, "SyncStateNotFound")
    assert response.headers["Location"] == f"{ROOT.rstrip('/')}{URL}/delta"


def all_pages(client, url):
    """Return the ids of each page, following links as a client does."""
    pages = []
    while url:
        assert len(pages) < 10
        page = client.get(url).json()
        pages.append([item["id"] for item in page["value"]])
        url = path_of(page.get("@odata.nextLink", ""))
    return pages


def test_a_page_can_come_empty_and_its_link_loses_nothing(bench):
    for number in range(3):
        make_state(id=f"{number}")
    bench.faults({"fault": "empty-page", "every": 2, "method": "GET"})
    url = f"{URL}?$top=1&$filter=contains(managedDeviceDisplayName,'LAP') or 1 eq 1"
    assert all_pages(bench, url) == [["0"], [], ["1"], [], ["2"]]


def test_a_page_can_come_twice(bench):
    for number in range(3):
        make_state(id=f"{number}")
    bench.faults({"fault": "repeated-page", "next": 1})
    assert all_pages(bench, f"{URL}?$top=2") == [["0", "1"], ["0", "1"], ["2"]]


def test_its_link_says_what_the_request_said(bench):
    make_state()
    url = f"{URL}?$filter=contains(userPrincipalName,'ä %2B {{')&$top=5"
    link = faulty(bench, "repeated-page", url).json()["@odata.nextLink"]
    assert "{" not in link
    query = parse_qs(urlsplit(link).query)
    assert query == {
        "$filter": ["contains(userPrincipalName,'ä + {')"], "$top": ["5"],
    }  # fmt: skip


def test_a_record_is_no_page(bench):
    make_state(id="a")
    response = faulty(bench, "empty-page", f"{URL}/a")
    assert response.json()["id"] == "a"


# --- Rules ----------------------------------------------------------------------------


def statuses(client, count, method="get", url=URL):
    return [getattr(client, method)(url).status_code for _ in range(count)]


def test_the_next_few_requests_fail_and_no_more(bench):
    bench.faults({"fault": "429; retry-after=1", "next": 2})
    assert statuses(bench, 4) == [429, 429, 200, 200]
    [rule] = bench.send("/faults", method="GET").json()["faults"]
    assert rule == {
        "fault": "429; retry-after=1", "method": "*", "path": "*", "next": 2,
        "seed": 0, "seen": 4, "injected": 2,
    }  # fmt: skip


def test_every_third_request_fails(bench):
    bench.faults({"fault": "503", "every": 3})
    assert statuses(bench, 7) == [200, 200, 503, 200, 200, 503, 200]


def test_chance_is_the_same_with_the_same_seed(bench):
    found = []
    for seed in (1, 1, 2):
        bench.faults({"fault": "500", "probability": 0.5, "seed": seed})
        found.append(statuses(bench, 20))
    assert found[0] == found[1] != found[2]
    assert {*found[0]} == {200, 500}


def test_a_rule_is_for_a_method_and_a_path(bench):
    make_state(id="a")
    bench.faults(
        {"fault": "503", "method": "DELETE"},
        {"fault": "502", "path": "*/a"},
        {"fault": "504", "path": "/v1.0/*"},
    )
    assert statuses(bench, 1) == [200]
    assert statuses(bench, 1, url=f"{URL}/a") == [502]
    assert statuses(bench, 1, url=f"{URL.upper()}/A") == [502]
    assert statuses(bench, 1, method="delete", url=f"{URL}/a") == [503]
    assert statuses(bench, 1, url=URL.replace("beta", "v1.0")) == [504]
    assert statuses(bench, 1, url="/beta/$metadata") == [200]


def test_the_first_rule_that_befalls_a_request_answers_it(bench):
    bench.faults({"fault": "503", "next": 1}, {"fault": "500", "next": 1})
    assert statuses(bench, 3) == [503, 500, 200]


def test_a_header_comes_before_the_rules(bench):
    bench.faults({"fault": "503", "next": 1})
    assert faulty(bench, "500").status_code == 500
    assert statuses(bench, 2) == [503, 200]


def test_monitoring_does_not_use_up_the_faults_of_a_test(bench):
    bench.faults({"fault": "503", "next": 1})
    for path in ("/metrics", "/healthz", "/readyz", "/docs/", "/"):
        assert bench.get(path).status_code == 200
    assert statuses(bench, 2) == [503, 200]


def test_a_rule_for_links_waits_for_one(bench):
    for number in range(3):
        make_state(id=f"{number}")
    bench.faults({"fault": "expired-link", "next": 1})
    link = path_of(bench.get(f"{URL}?$top=1").json()["@odata.nextLink"])
    assert statuses(bench, 2, url=link) == [400, 200]


def test_rules_are_added_replaced_and_cleared(bench):
    for fault in ("503", "500"):
        response = bench.send("/faults", {"fault": fault})
        assert response.status_code == 201
    assert [rule["fault"] for rule in response.json()["faults"]] == ["503", "500"]
    assert len(bench.faults({"fault": "429"})) == 1
    assert bench.send("/faults", method="DELETE").status_code == 204
    assert statuses(bench, 1) == [200]


@pytest.mark.parametrize(
    ("rule", "target"),
    [
        ("503", "faults"),
        ({}, "fault"),
        ({"fault": 503}, "fault"),
        ({"fault": "invented"}, "fault"),
        ({"fault": "503", "verb": "GET"}, "verb"),
        ({"fault": "503", "method": "get"}, "method"),
        ({"fault": "503", "path": "beta"}, "path"),
        ({"fault": "503", "next": 0}, "next"),
        ({"fault": "503", "next": True}, "next"),
        ({"fault": "503", "next": None}, "next"),
        ({"fault": "503", "every": 1.5}, "every"),
        ({"fault": "503", "probability": 1.1}, "probability"),
        ({"fault": "503", "probability": "1"}, "probability"),
        ({"fault": "503", "seed": "a"}, "seed"),
        ({"fault": "503", "seed": 10**30}, "seed"),
        ({"fault": "503", "next": 1, "every": 2}, "every"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_its_name_and_changes_nothing(
    bench, rule, target
):
    bench.faults({"fault": "429"})
    told = {"faults": [{"fault": "500"}, rule]}
    response = bench.send("/faults", told, method="PUT")
    assert error_of(response, 400, "BadRequest")["target"] == target
    [kept] = bench.send("/faults", method="GET").json()["faults"]
    assert kept["fault"] == "429"


def test_there_are_not_endless_rules(bench):
    told = {"faults": [{"fault": "500"}] * 101}
    error_of(bench.send("/faults", told, method="PUT"), 400, "BadRequest")
    assert bench.get(URL).status_code == 200


def test_pages_and_the_token_endpoint_have_no_faults(bench):
    bench.faults({"fault": "503"})
    for path in ("/docs/", "/admin/login/"):
        assert bench.get(path).status_code in (200, 302)
    assert bench.get("/.well-known/openid-configuration").status_code == 200
    assert bench.get(URL).status_code == 503


def test_a_batch_is_one_request(bench):
    bench.faults({"fault": "429; retry-after=1", "path": "*/$batch", "next": 1})
    item = {"id": "1", "method": "GET", "url": URL.removeprefix("/beta")}
    told = {"requests": [item]}
    first, second = (bench.create(told, url="/beta/$batch") for _ in range(2))
    error_of(first, 429, "TooManyRequests")
    assert second.json()["responses"][0]["status"] == 200
