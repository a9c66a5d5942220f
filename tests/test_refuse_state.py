"""POST and PATCH: what is refused, with which code, and by which words."""

import json

import pytest
from django.conf import settings as django_settings

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import ABSENT, JSON, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


def test_a_body_of_thousands_of_names_is_refused_at_once(operator):
    names = {f"name{n}": n for n in range(5000)}
    error = error_of(operator.create(make_body(**names)), 400, "BadRequest")
    assert "200 are allowed" in error["message"]
    assert "details" not in error


REQUIRED = [
    "certificateRevokeStatus",
    "managedDeviceDisplayName",
    "userPrincipalName",
    "certificateExpirationDateTime",
    "certificateIssuerName",
    "certificateThumbprint",
    "certificateSerialNumber",
    "certificateSubjectName",
    "certificateKeyUsages",
    "certificateExtendedKeyUsages",
    "certificateIssuanceDateTime",
]


@pytest.fixture(autouse=True)
def nothing_is_written(db):
    yield
    assert not State.objects.exclude(id="kept").exists()


# --- Not JSON, or not an object ------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b'{"a": 1,}', "line 1 column"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b"\x00", "not JSON"),
        (b'{"a": "\x01"}', "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 7)"),
        (json.dumps(make_body()).encode("utf-16"), "not UTF-8"),
        (b'{"certificateKeyUsages": NaN}', "NaN is not a JSON value"),
        (b'{"certificateKeyUsages": Infinity}', "Infinity is not"),
        (b'{"certificateKeyUsages": -Infinity}', "-Infinity is not"),
        (b'{"certificateKeyUsages": 1' + b"0" * 5000 + b"}", "too long"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"   ", "not JSON"),
        (b"", "empty"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"true", "must be a JSON object"),
        (b"4", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
    ],
)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_body_that_is_no_json_object_is_a_bad_request(operator, method, body, words):
    make_state(id="kept")
    url = URL if method == "post" else f"{URL}/kept"
    response = getattr(operator, method)(url, body, content_type=JSON)
    assert words in error_of(response, 400, "BadRequest")["message"]


def test_an_array_of_objects_is_a_bad_request(operator):
    error_of(operator.create(json.dumps([make_body()])), 400, "BadRequest")


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "1", "id": "2"}',
        '{"certificateIssuerName": {"x": 1, "x": 1}}',
    ],
)
def test_a_name_that_occurs_twice_is_a_bad_request(operator, body):
    error = error_of(operator.create(body), 400, "BadRequest")
    assert "occurs twice" in error["message"]
    assert error["target"] in ("id", "x")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/*",
        "*/*",
        "",
    ],
)
def test_any_other_content_type_is_unsupported(operator, content_type):
    response = operator.create(json.dumps(make_body()), content_type)
    error_of(response, 415, "UnsupportedMediaType")


def test_a_body_without_content_type_is_unsupported(operator):
    response = operator.generic("POST", URL, b"{}", content_type="")
    error_of(response, 415, "UnsupportedMediaType")


def test_a_compressed_body_is_unsupported(operator):
    response = operator.create(make_body(), headers={"Content-Encoding": "gzip"})
    error_of(response, 415, "UnsupportedMediaType")


def test_a_body_over_the_limit_is_too_large(operator):
    body = json.dumps(make_body()).ljust(django_settings.MAX_BODY_SIZE + 1)
    error = error_of(operator.create(body), 413, "RequestEntityTooLarge")
    assert str(django_settings.MAX_BODY_SIZE) in error["message"]


# --- An object, but no certificate state ---------------------------------------------


def test_missing_properties_are_all_named_at_once(operator):
    error = error_of(operator.create({}), 400, "ModelValidationFailure")
    assert [d["target"] for d in error["details"]] == REQUIRED
    assert {d["code"] for d in error["details"]} == {"MissingProperty"}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_property_is_named(operator, name):
    response = operator.create(make_body(**{name: ABSENT}))
    error = error_of(response, 400, "ModelValidationFailure")
    assert error["target"] == name
    assert name in error["message"]


def test_create_requires_metadata_still_wants_status_and_dates(operator, settings):
    settings.CREATE_REQUIRES = "metadata"
    error = error_of(operator.create({}), 400, "ModelValidationFailure")
    assert [d["target"] for d in error["details"]] == [
        "certificateRevokeStatus",
        "certificateExpirationDateTime",
        "certificateIssuanceDateTime",
    ]


@pytest.mark.parametrize("name", ["deviceName", "CertificateThumbprint", "created_at"])
def test_an_unknown_property_is_named(operator, name):
    response = operator.create(make_body(**{name: "x"}))
    error = error_of(response, 400, "ModelValidationFailure")
    assert error["target"] == name
    assert error["details"][0]["code"] == "UnknownProperty"


def test_all_faults_are_reported_together(operator):
    body = make_body(x=1, certificateKeyUsages="4", userPrincipalName=ABSENT, id=7)
    error = error_of(operator.create(body), 400, "ModelValidationFailure")
    assert {(d["target"], d["code"]) for d in error["details"]} == {
        ("x", "UnknownProperty"),
        ("certificateKeyUsages", "TypeMismatch"),
        ("userPrincipalName", "MissingProperty"),
        ("id", "TypeMismatch"),
    }


@pytest.mark.parametrize(
    "body",
    [
        r'{"\ud800": 1}',
        r'{"\ud800": 1, "\ud800": 1}',
        r'{"x\u0000": 1}',
        json.dumps({"x" * 100_000: 1}),
        json.dumps({f"x{n}": 1 for n in range(50_000)}),
    ],
)
def test_odd_long_and_many_names_get_a_short_answer(operator, body):
    response = operator.create(body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert len(response.content) < 20_000


TEXT = "certificateSubjectName"
NUMBER = "certificateKeyUsages"
STATUS = "certificateRevokeStatus"
DATE = "certificateExpirationDateTime"
CHANGED = "certificateRevokeStatusLastChangeDateTime"


@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        (TEXT, 7, "TypeMismatch", "Expected Edm.String, found a number"),
        (TEXT, True, "TypeMismatch", "found true"),
        (TEXT, [], "TypeMismatch", "found an array"),
        (TEXT, {"x": 1}, "TypeMismatch", "found an object"),
        (TEXT, "a\0b", "InvalidValue", "NUL"),
        (TEXT, "a\ud800b", "InvalidValue", "lone surrogate"),
        (TEXT, "x" * 4097, "InvalidValue", "at most 4096"),
        (TEXT, "x" * 1_000_000, "InvalidValue", "at most 4096"),
        ("certificateThumbprint", "x" * 256, "InvalidValue", "at most 255"),
        ("certificateSerialNumber", "x" * 256, "InvalidValue", "at most 255"),
        ("id", None, "NullNotAllowed", "must not be null"),
        ("id", 7, "TypeMismatch", "found a number"),
        (NUMBER, "4", "TypeMismatch", "found a string"),
        (NUMBER, True, "TypeMismatch", "found true"),
        (NUMBER, False, "TypeMismatch", "found false"),
        (NUMBER, 4.5, "TypeMismatch", "a number with a fraction"),
        (NUMBER, [4], "TypeMismatch", "found an array"),
        (NUMBER, 2**31, "InvalidValue", "2147483647"),
        (NUMBER, -(2**31) - 1, "InvalidValue", "-2147483648"),
        (NUMBER, 10**400, "InvalidValue", "2147483647"),
        (STATUS, "unknown", "InvalidValue", "none, pending, issued, failed, revoked"),
        (STATUS, "", "InvalidValue", "expected one of"),
        (STATUS, "5", "InvalidValue", "expected one of"),
        (STATUS, 4, "TypeMismatch", "found a number"),
        (STATUS, None, "NullNotAllowed", "must not be null"),
        (DATE, None, "NullNotAllowed", "must not be null"),
        (CHANGED, None, "NullNotAllowed", "must not be null"),
        (DATE, 1767607200, "TypeMismatch", "found a number"),
        (DATE, "", "InvalidValue", "Not an Edm.DateTimeOffset"),
        (DATE, "2027-01-05", "InvalidValue", "Not an Edm.DateTimeOffset"),
        (DATE, "2027-01-05T10:00:00", "InvalidValue", "an offset"),
        (DATE, "2027-01-05 10:00:00Z", "InvalidValue", "Not an Edm"),
        (DATE, " 2027-01-05T10:00:00Z", "InvalidValue", "Not an Edm"),
        (DATE, "2027-01-05T10:00:00Z\n", "InvalidValue", "Not an Edm"),
        (DATE, "2027-01-05T10:00:00+0100", "InvalidValue", "Not an Edm"),
        (DATE, "2027-01-05T10:00.5Z", "InvalidValue", "Not an Edm"),
        (DATE, "2027-01-05T10:00:00.1234567890123Z", "InvalidValue", "Not an Edm"),
        (DATE, "٢٠٢٧-01-05T10:00:00Z", "InvalidValue", "Not an Edm"),
        (DATE, "/Date(1767607200000)/", "InvalidValue", "Not an Edm"),
        (DATE, "2027-02-30T10:00:00Z", "InvalidValue", "no such moment"),
        (DATE, "2027-01-05T24:00:00Z", "InvalidValue", "no such moment"),
        (DATE, "2026-12-31T23:59:60Z", "InvalidValue", "no such moment"),
        (DATE, "0000-01-01T00:00:00Z", "InvalidValue", "no such moment"),
        (DATE, "10000-01-01T00:00:00Z", "InvalidValue", "Not an Edm"),
        (DATE, "2027-01-05T10:00:00+14:01", "InvalidValue", "-14:00 and +14:00"),
        (DATE, "2027-01-05T10:00:00+99:59", "InvalidValue", "no such moment"),
        (DATE, "2027-01-05T10:00:00+00:60", "InvalidValue", "Not an Edm"),
        (DATE, "0001-01-01T00:00:00+01:00", "InvalidValue", "0001 to 9999"),
        (DATE, "9999-12-31T23:59:59-01:00", "InvalidValue", "0001 to 9999"),
    ],
)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_value_of_the_wrong_kind_is_explained(
    operator, method, name, value, code, words
):
    make_state(id="kept")
    if method == "post":
        response = operator.create(json.dumps(make_body(**{name: value})))
    else:
        response = operator.change("kept", json.dumps({name: value}))
    error = error_of(response, 400, "ModelValidationFailure")
    assert error["target"] == name
    [detail] = error["details"]
    assert detail["code"] == code
    assert words in detail["message"]
    assert len(response.content) < 2000


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("", "blank"),
        ("a/b", "slash"),
        ("a\nb", "control character"),
        ("a\n", "control character"),
        (".", "mere ."),
        ("..", "mere ."),
        ("a\x7f", "control character"),
        ("a\x85", "control character"),
        ("a\0", "control character"),
        ("a\udfff", "lone surrogate"),
        ("x" * 256, "at most 255"),
    ],
)
def test_an_id_that_no_address_could_hold_is_refused(operator, id, words):
    response = operator.create(json.dumps(make_body(id=id)))
    error = error_of(response, 400, "ModelValidationFailure")
    assert {d["target"] for d in error["details"]} == {"id"}
    assert words in " ".join(d["message"] for d in error["details"])


@pytest.mark.parametrize(
    "type_name",
    [
        "#microsoft.graph.managedDeviceCertificateState",
        "#Microsoft.Graph.ManagedAllDeviceCertificateState",
        "",
        None,
        7,
        ["#microsoft.graph.managedAllDeviceCertificateState"],
    ],
)
def test_another_type_is_a_bad_request(operator, type_name):
    response = operator.create(make_body(**{"@odata.type": type_name}))
    assert error_of(response, 400, "BadRequest")["target"] == "@odata.type"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@type", "#microsoft.graph.other"),
        ("certificateKeyUsages@odata.type", "#String"),
        ("certificateRevokeStatus@odata.type", "#Int32"),
        ("id@odata.type", 7),
        ("@odata.bind", "x"),
        ("id@odata.bind", "x"),
    ],
)
def test_wrong_control_information_is_a_bad_request(operator, name, value):
    response = operator.create(make_body(**{name: value}))
    assert error_of(response, 400, "BadRequest")["target"] == name


@pytest.mark.parametrize("name", ["typo@odata.type", "a@b", "@", "id@"])
def test_an_annotation_of_nothing_is_an_unknown_property(operator, name):
    response = operator.create(make_body(**{name: "x"}))
    error = error_of(response, 400, "ModelValidationFailure")
    assert error["details"][0]["code"] == "UnknownProperty"


def test_a_name_twice_among_very_many_is_found_at_once(operator):
    names = ",".join(f'"x{n}":1' for n in [*range(60_000), 59_999])
    error = error_of(operator.create(f"{{{names}}}"), 400, "BadRequest")
    assert error["target"] == "x59999"
