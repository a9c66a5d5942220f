"""One property of a record, as JSON and as plain text."""

import pytest

from certstates.addresses import COLLECTION
from tests.make import ROOT, URL, error_of, make_state

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def record(db):
    return make_state(
        id="it's",
        certificate_revoke_status=4,
        certificate_key_usages=160,
        certificate_serial_number="",
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("id", "it's", "it's"),
        ("managedDeviceDisplayName", "LAPTOP-1", "LAPTOP-1"),
        ("certificateSerialNumber", "", ""),
        ("certificateKeyUsages", 160, "160"),
        ("certificateRevokeStatus", "revoked", "revoked"),
        (
            "certificateExpirationDateTime",
            "2027-01-05T10:00:00Z",
            "2027-01-05T10:00:00Z",
        ),
    ],
)
def test_a_property_has_an_address_of_its_own(reader, name, value, text):
    response = reader.get(f"{URL}/it's/{name}")
    assert response.status_code == 200
    assert response.json() == {
        "@odata.context": f"{ROOT}beta/$metadata#{COLLECTION}('it''s')/{name}",
        "value": value,
    }
    raw = reader.get(f"{URL}('it''s')/{name}/$value", headers={"Accept": "text/plain"})
    assert raw.status_code == 200
    assert raw.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert raw.content.decode() == text


def test_null_has_no_content(reader):
    for suffix in ("", "/$value"):
        response = reader.get(f"{URL}/it's/certificateThumbprint{suffix}")
        assert response.status_code == 204
        assert response.content == b""


def test_names_are_compared_in_any_case(reader):
    path = f"{URL.upper()}/it's/CERTIFICATEKEYUSAGES/$VALUE/"
    assert reader.get(path).content == b"160"


def test_levels_of_metadata(reader):
    path = f"{URL}/it's/certificateKeyUsages?$format=application/json;odata.metadata="
    assert reader.get(path + "none").json() == {"value": 160}
    assert reader.get(path + "full").json()["@odata.type"] == "#Int32"


@pytest.mark.parametrize(
    "rest",
    ["/nope", "/nope/$value", "/version", "/created_at", "/$value", "/$count", "/id/x"],
)
def test_what_is_no_property_is_no_resource(reader, rest):
    error_of(reader.get(f"{URL}/it's{rest}"), 400, "BadRequest")


def test_a_property_of_no_record_is_not_found(reader):
    for suffix in ("", "/$value"):
        response = reader.get(f"{URL}/other/userPrincipalName{suffix}")
        error_of(response, 404, "ResourceNotFound")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("suffix", ["", "/$value"])
def test_properties_are_only_read(operator, method, suffix):
    path = f"{URL}/it's/userPrincipalName{suffix}"
    response = getattr(operator, method)(path, {}, content_type="application/json")
    error_of(response, 405, "MethodNotAllowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_options_are_refused_by_name(reader):
    path = f"{URL}/it's/userPrincipalName"
    error = error_of(reader.get(f"{path}?$select=id"), 501, "NotImplemented")
    assert error["target"] == "$select"
    error_of(reader.get(f"{path}/$value?$format=json"), 501, "NotImplemented")


def test_strangers_see_nothing(stranger):
    for suffix in ("", "/$value"):
        response = stranger.get(f"{URL}/it's/userPrincipalName{suffix}")
        error_of(response, 401, "InvalidAuthenticationToken")


def test_a_property_costs_as_many_queries_as_a_record(
    reader, django_assert_num_queries
):
    with django_assert_num_queries(2):  # the token and the value
        reader.get(f"{URL}/it's/userPrincipalName")
