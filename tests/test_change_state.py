"""PATCH and DELETE."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


def test_a_change_is_stored_and_answered_with_the_whole_record(operator):
    id = operator.create(make_body()).json()["id"]
    response = operator.change(id, {"managedDeviceDisplayName": "NEW"})
    assert response.status_code == 200
    assert response.json() == operator.read(id).json()
    assert response.json()["managedDeviceDisplayName"] == "NEW"
    assert response.json()["@odata.type"].endswith("managedAllDeviceCertificateState")
    assert State.objects.get().managed_device_display_name == "NEW"


def test_only_the_named_columns_are_written(operator):
    make_state(id="a")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        operator.change("a", {"certificateKeyUsages": 4})
    [update] = [
        q["sql"] for q in queries if "UPDATE certstates" in q["sql"].replace('"', "")
    ]
    columns = update.split(" SET ")[1].split(" WHERE ")[0]
    assert columns.count(" = ") == 2
    assert '"certificate_key_usages" = 4' in columns
    assert '"updated_at" = ' in columns


def test_a_change_that_changes_nothing_writes_nothing(operator):
    record = make_state(id="a")
    for body in ({}, {"userPrincipalName": record.user_principal_name}):
        with CaptureQueriesContext(connection) as queries:
            assert operator.change("a", body).status_code == 200
        assert not [
            q for q in queries if "UPDATE certstates" in q["sql"].replace('"', "")
        ]


def test_a_change_of_status_is_dated(operator):
    make_state(id="a")
    before = timezone.now()
    operator.change("a", {"certificateRevokeStatus": "pending"})
    record = State.objects.get()
    assert record.certificate_revoke_status == 1
    assert record.certificate_revoke_status_last_change_date_time >= before


def test_a_change_of_status_that_brings_its_date_keeps_it(operator):
    record = make_state(id="a")
    stored = "2026-01-06T10:00:00Z"
    for status, date in [("pending", "2026-05-01T00:00:00Z"), ("revoked", stored)]:
        body = {
            "certificateRevokeStatus": status,
            "certificateRevokeStatusLastChangeDateTime": date,
        }
        assert operator.change("a", body).status_code == 200
        record.refresh_from_db()
        changed = record.certificate_revoke_status_last_change_date_time
        assert changed == dt.datetime.fromisoformat(date)


def test_naming_the_same_status_again_is_no_change(operator):
    record = make_state(id="a")
    operator.change("a", {"certificateRevokeStatus": "none", "userPrincipalName": "x"})
    changed = State.objects.get().certificate_revoke_status_last_change_date_time
    assert changed == record.certificate_revoke_status_last_change_date_time


def test_a_fetched_record_may_be_sent_back_whole(operator):
    id = operator.create(make_body()).json()["id"]
    entity = operator.read(id).json()
    assert operator.change(id, {**entity, "@odata.etag": "x"}).status_code == 200
    assert operator.read(id).json() == entity


def test_nullable_properties_can_be_emptied(operator):
    make_state(id="a")
    assert operator.change("a", {"userPrincipalName": None}).status_code == 200
    assert State.objects.get().user_principal_name is None


def test_an_id_cannot_be_changed(operator):
    make_state(id="a")
    response = operator.change("a", {"id": "b", "userPrincipalName": "x"})
    error = error_of(response, 400, "ModelValidationFailure")
    assert error["details"][0]["code"] == "PropertyNotUpdatable"
    assert State.objects.get().user_principal_name == "ana@contoso.example"


def test_one_bad_property_refuses_the_whole_change(operator):
    make_state(id="a")
    body = {"userPrincipalName": "x", "certificateKeyUsages": "4"}
    error_of(operator.change("a", body), 400, "ModelValidationFailure")
    assert State.objects.get().user_principal_name == "ana@contoso.example"


def test_an_unknown_property_is_refused_in_a_change_too(operator):
    make_state(id="a")
    error = error_of(operator.change("a", {"x": 1}), 400, "ModelValidationFailure")
    assert error["target"] == "x"


def test_a_change_of_an_unknown_id_creates_nothing(operator):
    error_of(operator.change("nope", make_body()), 404, "ResourceNotFound")
    assert not State.objects.exists()


def test_a_record_can_be_deleted_once(operator):
    make_state(id="a")
    make_state(id="b")
    response = operator.delete(f"{URL}/a")
    assert response.status_code == 204
    assert response.content == b""
    assert "Content-Type" not in response.headers
    assert [r.id for r in State.objects.all()] == ["b"]
    error_of(operator.delete(f"{URL}/a"), 404, "ResourceNotFound")


@pytest.mark.parametrize("address", ["", "/a", "('a')"])
@pytest.mark.parametrize("method", ["PUT", "TRACE", "PROPFIND", "INVENTED"])
def test_other_methods_are_not_allowed(operator, method, address):
    make_state(id="a")
    response = operator.generic(method, URL + address)
    error_of(response, 405, "MethodNotAllowed")
    assert "GET" in response.headers["Allow"]


def test_the_collection_itself_cannot_be_deleted_or_changed(operator):
    make_state(id="a")
    for method in ("DELETE", "PATCH"):
        error_of(operator.generic(method, URL), 405, "MethodNotAllowed")
    error_of(operator.post(f"{URL}/a"), 405, "MethodNotAllowed")
    assert State.objects.count() == 1


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method"])
def test_a_method_override_is_refused_and_not_taken_for_a_post(operator, header):
    response = operator.create(make_body(), headers={header: "DELETE"})
    error_of(response, 405, "MethodNotAllowed")
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert not State.objects.exists()
