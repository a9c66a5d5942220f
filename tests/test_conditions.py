"""ETags: a version of a record, and requests that are for one version only."""

import pytest

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db

CHANGE = {"certificateKeyUsages": 4}


@pytest.fixture
def etag(operator):
    make_state(id="a")
    return operator.read("a").headers["ETag"]


def test_every_answer_with_a_record_has_its_weak_etag(operator):
    created = operator.create(make_body(id="a"))
    etag = created.headers["ETag"]
    assert etag.startswith('W/"')
    assert created.json()["@odata.etag"] == etag
    assert operator.read("a").headers["ETag"] == etag
    assert operator.read("a").json()["@odata.etag"] == etag


@pytest.mark.django_db(transaction=True)
def test_a_change_makes_another_etag_and_no_change_keeps_it(operator):
    etag = operator.create(make_body(id="a")).headers["ETag"]
    same = operator.change("a", {"managedDeviceDisplayName": "LAPTOP-4711"})
    assert same.headers["ETag"] == etag
    changed = operator.change("a", CHANGE)
    assert changed.headers["ETag"] != etag
    assert changed.headers["ETag"] == operator.read("a").headers["ETag"]
    assert changed.json()["@odata.etag"] == changed.headers["ETag"]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_an_old_version_is_refused_and_nothing_is_written(operator):
    old = operator.create(make_body(id="a")).headers["ETag"]
    operator.change("a", {"certificateKeyUsages": 1})
    response = operator.change("a", CHANGE, headers={"If-Match": old})
    error = error_of(response, 412, "PreconditionFailed")
    assert error["target"] == "If-Match"
    error_of(
        operator.delete(f"{URL}/a", headers={"If-Match": old}),
        412,
        "PreconditionFailed",
    )
    assert State.objects.get().certificate_key_usages == 1


@pytest.mark.parametrize("form", ["{}", "*", '"x", {}', '{} , W/"x"', " {} "])
def test_a_change_of_the_known_version_is_done(operator, etag, form):
    headers = {"If-Match": form.format(etag)}
    assert operator.change("a", CHANGE, headers=headers).status_code == 200


def test_a_strong_form_of_the_etag_is_taken_too(operator, etag):
    headers = {"If-Match": etag.removeprefix("W/")}
    assert operator.delete(f"{URL}/a", headers=headers).status_code == 204


def test_a_known_record_is_not_sent_again(operator, etag):
    for headers in ({"If-None-Match": etag}, {"If-None-Match": f'"x", {etag}'}):
        for method in (operator.get, operator.head):
            response = method(f"{URL}/a", headers=headers)
            assert response.status_code == 304
            assert response.content == b""
            assert response.headers["ETag"] == etag
    response = operator.get(f"{URL}/a", headers={"If-None-Match": 'W/"other"'})
    assert response.status_code == 200


def test_a_change_can_be_for_anything_but_one_version(operator, etag):
    refused = operator.change("a", CHANGE, headers={"If-None-Match": etag})
    error_of(refused, 412, "PreconditionFailed")
    allowed = operator.change("a", CHANGE, headers={"If-None-Match": 'W/"other"'})
    assert allowed.status_code == 200


def test_a_condition_on_what_is_not_there_is_not_found(operator):
    headers = {"If-Match": "*"}
    error_of(operator.change("b", CHANGE, headers=headers), 404, "ResourceNotFound")
    error_of(operator.delete(f"{URL}/b", headers=headers), 404, "ResourceNotFound")


@pytest.mark.parametrize("value", ["", "x", "W/x", '"x', '"x" "y"', "*, *", 'w/"x"'])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_malformed_condition_is_a_bad_request(operator, etag, header, value):
    response = operator.change("a", CHANGE, headers={header: value})
    assert error_of(response, 400, "BadRequest")["target"] == header


def test_nobody_has_to_send_a_condition(operator, etag):
    assert operator.change("a", CHANGE).status_code == 200
    assert operator.delete(f"{URL}/a").status_code == 204


def test_nothing_else_is_answered_for_another_version(operator, etag):
    other = {"If-Match": 'W/"other"'}
    for path in (f"{URL}/a", f"{URL}/a/id", f"{URL}/a/id/$value"):
        error_of(operator.get(path, headers=other), 412, "PreconditionFailed")
        assert operator.get(path, headers={"If-Match": etag}).status_code == 200


def test_a_collection_has_no_version_that_could_match(operator, etag):
    headers = {"If-Match": "*"}
    for path in (URL, f"{URL}/$count", f"{URL}/delta"):
        error_of(operator.get(path, headers=headers), 412, "PreconditionFailed")
    response = operator.create(make_body(), headers=headers)
    assert error_of(response, 412, "PreconditionFailed")["target"] == "If-Match"
    assert State.objects.count() == 1


def test_an_answer_without_content_has_no_length(operator, etag):
    same = operator.get(f"{URL}/a", headers={"If-None-Match": etag})
    quiet = operator.change("a", CHANGE, headers={"Prefer": "return=minimal"})
    for response in (same, quiet, operator.options(URL), operator.delete(f"{URL}/a")):
        assert response.status_code in (204, 304)
        assert "Content-Length" not in response.headers
