"""$batch: a document that is not one is refused whole, and nothing of it is run."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.batches import BODY_IS_JSON, ask, send_batch
from tests.make import ABSENT, JSON, URL, error_of, make_body

pytestmark = pytest.mark.django_db

CREATE = ask("first", "POST", URL, headers=BODY_IS_JSON, body=make_body())


@pytest.fixture(autouse=True)
def nothing_is_written(db):
    yield
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "A batch is an object"),
        (None, "A batch is an object"),
        ("x", "A batch is an object"),
        ({}, "A batch is an object"),
        ({"requests": None}, "A batch is an object"),
        ({"requests": {}}, "A batch is an object"),
        ({"Requests": [CREATE]}, "A batch is an object"),
        ({"requests": []}, "1 to 20 requests, not 0"),
        ({"requests": [CREATE] * 21}, "1 to 20 requests, not 21"),
        ({"requests": [CREATE, None]}, "requests[1] must be an object"),
        ({"requests": [CREATE, "x"]}, "requests[1] must be an object"),
        ({"requests": [CREATE, [CREATE]]}, "requests[1] must be an object"),
    ],
)
def test_what_is_no_batch_is_a_bad_request(operator, document, words):
    document = json.dumps(document)
    response = operator.post("/beta/$batch", document, content_type=JSON)
    error = error_of(response, 400, "BadRequest")
    assert words in error["message"]
    assert error["target"] in ("requests", "requests[1]")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("id", ABSENT, "must be a string"),
        ("id", None, "must be a string"),
        ("id", "", "must be a string"),
        ("id", 2, "must be a string"),
        ("id", ["2"], "must be a string"),
        ("id", "a\ud800", "lone surrogate"),
        ("id", "first", "earlier request"),
        ("id", "FIRST", "earlier request"),
        ("method", ABSENT, "DELETE, GET, PATCH, POST, PUT"),
        ("method", None, "DELETE, GET, PATCH, POST, PUT"),
        ("method", "", "DELETE, GET, PATCH, POST, PUT"),
        ("method", 7, "DELETE, GET, PATCH, POST, PUT"),
        ("method", "HEAD", "DELETE, GET, PATCH, POST, PUT"),
        ("method", "GET ", "DELETE, GET, PATCH, POST, PUT"),
        ("method", "x" * 100_000, "DELETE, GET, PATCH, POST, PUT"),
        ("url", ABSENT, "must be a string"),
        ("url", None, "must be a string"),
        ("url", "", "must be a string"),
        ("url", {"path": URL}, "must be a string"),
        ("headers", "Accept: */*", "object of strings"),
        ("headers", ["Accept", "*/*"], "object of strings"),
        ("headers", {"Accept": ["*/*"]}, "a string at 'Accept'"),
        ("headers", {"Accept": None}, "a string at 'Accept'"),
        ("headers", {"\ud800" * 1000: 7}, "a string at"),
        ("dependsOn", "first", "array of strings"),
        ("dependsOn", {"first": True}, "array of strings"),
        ("dependsOn", [["first"]], "array of strings"),
        ("dependsOn", ["first", None], "array of strings"),
        ("dependsOn", ["nope"], "'nope', which is no earlier request"),
        ("dependsOn", [""], "which is no earlier request"),
        ("dependsOn", ["\ud800" * 1000], "which is no earlier request"),
        ("dependsOn", ["first", "second"], "the request itself"),
        ("dependsOn", ["SECOND"], "the request itself"),
        ("dependsOn", ["third"], "'third', which is no earlier request"),
    ],
)
def test_a_fault_of_one_request_refuses_them_all(operator, name, value, words):
    faulty = {**ask("second", "GET", URL), name: value}
    faulty = {name: value for name, value in faulty.items() if value is not ABSENT}
    third = ask("third", "GET", URL, dependsOn=["second"])
    response = send_batch(operator, CREATE, faulty, third)
    error = error_of(response, 400, "BadRequest")
    assert error["target"] == f"requests[1].{name}"
    assert words in error["message"]
    assert error["message"].startswith("requests[1]")
    assert len(response.content) < 2000


@pytest.mark.parametrize("name", ["atomicityGroup", "if"])
def test_what_changes_the_meaning_of_a_request_is_not_implemented(operator, name):
    response = send_batch(operator, CREATE, {**ask("2", "GET", URL), name: "x"})
    error = error_of(response, 501, "NotImplemented")
    assert error["target"] == f"requests[1].{name}"
    assert name in error["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", JSON, 400, "BadRequest"),
        (b"{", JSON, 400, "BadRequest"),
        (b'{"requests": [], "requests": []}', JSON, 400, "BadRequest"),
        (b'{"requests": [{"id": "1", "id": "2"}]}', JSON, 400, "BadRequest"),
        (b"[" * 100_000, JSON, 400, "BadRequest"),
        (b"{}", "text/plain", 415, "UnsupportedMediaType"),
        (b"--x", "multipart/mixed; boundary=x", 415, "UnsupportedMediaType"),
        (b"{}".ljust(1024 * 1024 + 1), JSON, 413, "RequestEntityTooLarge"),
    ],
)
def test_the_body_obeys_the_laws_of_every_body(operator, body, kind, status, code):
    response = operator.generic("POST", "/beta/$batch", body, kind)
    error_of(response, status, code)


def test_a_batch_takes_no_query_option_and_no_method_override(operator):
    response = send_batch(operator, CREATE, url="/beta/$batch?$top=1")
    assert error_of(response, 501, "NotImplemented")["target"] == "$top"
    override = {"X-HTTP-Method-Override": "GET"}
    response = send_batch(operator, CREATE, headers=override)
    error_of(response, 405, "MethodNotAllowed")


# --- Laws for every batch ------------------------------------------------------------

texts = st.text(st.characters(), max_size=20)
urls = st.builds(str.__add__, st.sampled_from(["/", URL, f"{URL}/", "https:"]), texts)
names = st.sampled_from(["Accept", "content-type", "Prefer", "If-Match"]) | texts
values = (
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | texts
)
requests = st.fixed_dictionaries(
    {"method": st.sampled_from(["GET", "POST", "PATCH", "DELETE"]), "url": urls},
    optional={
        "headers": st.dictionaries(names, texts, max_size=3),
        "body": values | st.lists(values) | st.dictionaries(texts, values),
        "dependsOn": st.sampled_from([[], ["0"], ["0", "0"]]),
    },
)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(many=st.lists(requests, min_size=1, max_size=5))
def test_every_request_has_its_answer_and_none_is_a_server_error(operator, many):
    items = [{**request, "id": f"{n}"} for n, request in enumerate(many)]
    items[0].pop("dependsOn", None)
    response = send_batch(operator, *items)
    assert response.status_code == 200
    answers = response.json()["responses"]
    assert [answer["id"] for answer in answers] == [item["id"] for item in items]
    for answer, item in zip(answers, items, strict=True):
        assert answer["status"] < 500 or answer["status"] == 501
        assert all(isinstance(value, str) for value in answer["headers"].values())
        waits = item.get("dependsOn") and answers[0]["status"] >= 400
        assert answer["status"] in (400, 424) if waits else answer["status"] != 424
