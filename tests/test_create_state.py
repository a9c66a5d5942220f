"""POST to the collection: what is taken."""

import datetime as dt
import json
import uuid

import pytest
from django.utils import timezone

from certstates.addresses import COLLECTION
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from tests.make import ABSENT, ROOT, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


def test_a_record_is_created_and_answered_as_the_create_page_shows(operator):
    before = timezone.now()
    response = operator.create(make_body())

    assert response.status_code == 201
    answer = response.json()
    id = answer.pop("id")
    assert uuid.UUID(id).version == 7
    assert str(uuid.UUID(id)) == id
    changed = answer.pop("certificateRevokeStatusLastChangeDateTime")
    assert before <= dt.datetime.fromisoformat(changed) <= timezone.now()
    assert answer.pop("@odata.context") == (
        f"{ROOT}beta/$metadata#{COLLECTION}/$entity"
    )
    assert answer.pop("@odata.etag") == response.headers["ETag"]
    assert answer == make_body()
    assert response.headers["Location"] == f"{ROOT}beta/{COLLECTION}/{id}"
    assert response.headers["OData-Version"] == "4.0"
    assert response.headers["Content-Type"].startswith(
        "application/json;odata.metadata"
    )

    record = State.objects.get()
    assert record.id == id
    assert record.certificate_revoke_status == RevocationStatus.NONE
    assert record.managed_device_display_name == "LAPTOP-4711"
    assert record.user_principal_name == "ana.silva@contoso.example"
    assert record.certificate_expiration_date_time == dt.datetime(
        2027, 11, 23, 9, tzinfo=dt.UTC
    )
    assert record.certificate_issuer_name == "CN=Contoso Issuing CA 2, O=Contoso, C=PT"
    assert record.certificate_thumbprint == "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B"
    assert record.certificate_serial_number == "5A0000004D2C1B7E9F3A6D8E20000100000A4D"
    assert record.certificate_subject_name == "CN=LAPTOP-4711"
    assert record.certificate_key_usages == 160
    assert record.certificate_extended_key_usages == (
        "Client Authentication (1.3.6.1.5.5.7.3.2)"
    )
    assert record.certificate_issuance_date_time == dt.datetime(
        2026, 11, 23, 9, tzinfo=dt.UTC
    )
    assert record.created_at >= before


def test_properties_come_in_the_order_of_the_create_page(operator):
    answer = list(operator.create(make_body()).json())
    assert answer[:4] == ["@odata.context", "@odata.type", "@odata.etag", "id"]
    assert [n for n in answer if n in make_body()] == list(make_body())


def test_every_address_begins_with_the_public_url(operator, settings):
    settings.PUBLIC_URL = "https://certs.example/graph/"
    response = operator.create(make_body())
    ours = "https://certs.example/graph/beta/"
    assert response.json()["@odata.context"].startswith(f"{ours}$metadata#")
    assert response.headers["Location"].startswith(ours + COLLECTION)
    operator.create(make_body())
    page = operator.get(f"{URL}?$top=1").json()
    assert page["@odata.nextLink"].startswith(f"{ours}{COLLECTION}?$top=1&")


@pytest.mark.parametrize("root", ["beta/", "v1.0/", ""])
def test_every_root_answers_with_its_own_addresses(operator, root):
    response = operator.create(make_body(), url=f"/{root}{COLLECTION}")
    assert response.status_code == 201
    context = f"{ROOT}{root}$metadata#{COLLECTION}/$entity"
    assert response.json()["@odata.context"] == context
    location = response.headers["Location"]
    assert location == f"{ROOT}{root}{COLLECTION}/{response.json()['id']}"
    assert operator.get(location).json() == response.json()


@pytest.mark.parametrize("url", [URL.lower(), URL.upper().replace("BETA", "beta")])
def test_path_segments_are_compared_in_any_case(operator, url):
    response = operator.create(make_body(), url=url)
    assert response.status_code == 201
    assert COLLECTION in response.headers["Location"]


def test_a_trailing_slash_is_tolerated(operator):
    assert operator.create(make_body(), url=f"{URL}/").status_code == 201


@pytest.mark.parametrize(
    "id",
    ["a", "guid_guid_guid", "ab'c", "x y%z?#&+", "Ü-末", "A" * 255, "(1)", "...", ".a"],
)
def test_a_given_id_is_kept_and_its_location_leads_to_it(operator, id):
    response = operator.create(make_body(id=id))
    assert response.status_code == 201
    assert response.json()["id"] == id
    assert operator.get(response.headers["Location"]).json()["id"] == id


def test_ids_that_differ_in_case_are_two_records(operator):
    assert operator.create(make_body(id="abc")).status_code == 201
    assert operator.create(make_body(id="ABC")).status_code == 201


def test_an_existing_id_is_a_conflict_and_nothing_is_changed(operator):
    make_state(id="taken", managed_device_display_name="FIRST")
    error = error_of(operator.create(make_body(id="taken")), 409, "Conflict")
    assert error["target"] == "id"
    assert State.objects.get().managed_device_display_name == "FIRST"


@pytest.mark.parametrize("status", RevocationStatus, ids=lambda s: s.wire_name)
@pytest.mark.parametrize("form", [str.lower, str.upper, str.title])
def test_every_revocation_status_is_known_by_its_name(operator, status, form):
    body = make_body(certificateRevokeStatus=form(status.wire_name))
    answer = operator.create(body).json()
    assert answer["certificateRevokeStatus"] == status.wire_name
    assert State.objects.get().certificate_revoke_status == status


def test_a_status_may_come_as_its_number_in_a_string(operator):
    answer = operator.create(make_body(certificateRevokeStatus="4")).json()
    assert answer["certificateRevokeStatus"] == "revoked"


NULLABLE = [
    "managedDeviceDisplayName",
    "userPrincipalName",
    "certificateIssuerName",
    "certificateThumbprint",
    "certificateSerialNumber",
    "certificateSubjectName",
    "certificateKeyUsages",
    "certificateExtendedKeyUsages",
]


def test_nullable_properties_may_be_null_and_are_answered_as_null(operator):
    answer = operator.create(make_body(**dict.fromkeys(NULLABLE))).json()
    assert [answer[name] for name in NULLABLE] == [None] * len(NULLABLE)


def test_an_empty_text_is_not_null(operator):
    answer = operator.create(make_body(managedDeviceDisplayName="")).json()
    assert answer["managedDeviceDisplayName"] == ""
    assert State.objects.get().managed_device_display_name == ""


def test_texts_are_stored_as_sent(operator):
    text = '  <b>Ünï</b>\t\u202e"末"\\ 🔐\r\n '
    answer = operator.create(make_body(certificateSubjectName=text)).json()
    assert answer["certificateSubjectName"] == text


@pytest.mark.parametrize("number", [0, -1, 2**31 - 1, -(2**31)])
def test_key_usages_hold_every_int32(operator, number):
    answer = operator.create(make_body(certificateKeyUsages=number)).json()
    assert answer["certificateKeyUsages"] == number


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
        ("2026-01-05t10:00:00z", "2026-01-05T10:00:00Z"),
        ("2026-01-05T10:00Z", "2026-01-05T10:00:00Z"),
        ("2026-01-05T10:00:00.1234567-08:00", "2026-01-05T18:00:00.123456Z"),
        ("2026-01-05T10:00:00.9999999Z", "2026-01-05T10:00:00.999999Z"),
        ("2026-01-05T10:00:00.120Z", "2026-01-05T10:00:00.12Z"),
        ("2026-01-05T10:00:00.000000000000Z", "2026-01-05T10:00:00Z"),
        ("2030-01-01T00:00:00+00:00", "2030-01-01T00:00:00Z"),
        ("2030-01-01T00:00:00+05:30", "2029-12-31T18:30:00Z"),
        ("2030-01-01T00:00:00-14:00", "2030-01-01T14:00:00Z"),
        ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_dates_are_moved_to_utc_and_cut_to_microseconds(operator, sent, answered):
    body = make_body(
        certificateExpirationDateTime=sent,
        certificateIssuanceDateTime=sent,
        certificateRevokeStatusLastChangeDateTime=sent,
    )
    created = operator.create(body).json()
    for answer in (created, operator.read(created["id"]).json()):
        assert answer["certificateExpirationDateTime"] == answered
        assert answer["certificateIssuanceDateTime"] == answered
        assert answer["certificateRevokeStatusLastChangeDateTime"] == answered


def test_odd_but_legal_values_are_stored_as_sent(operator):
    body = make_body(
        certificateExpirationDateTime="2020-01-01T00:00:00Z",
        certificateIssuanceDateTime="2030-01-01T00:00:00Z",
        certificateThumbprint="no thumbprint at all",
    )
    assert operator.create(body).status_code == 201


@pytest.mark.parametrize(
    "type_name",
    [
        "#microsoft.graph.managedAllDeviceCertificateState",
        "microsoft.graph.managedAllDeviceCertificateState",
        "https://x.example/beta/$metadata#microsoft.graph.managedAllDeviceCertificateState",
        ABSENT,
    ],
)
def test_the_type_may_be_written_in_every_form_or_left_out(operator, type_name):
    response = operator.create(make_body(**{"@odata.type": type_name}))
    assert response.status_code == 201


def test_control_information_that_clients_send_back_is_passed_over(operator):
    body = make_body(
        **{
            "@odata.context": "https://elsewhere.example/$metadata#x",
            "@odata.etag": 'W/"1"',
            "@odata.editLink": "x",
            "certificateExpirationDateTime@odata.type": "#DateTimeOffset",
            "certificateKeyUsages@odata.type": "#Edm.Int32",
            "certificateRevokeStatus@odata.type": (
                "#microsoft.graph.certificateRevocationStatus"
            ),
            "@contoso.comment": "an annotation of somebody's own",
        }
    )
    assert operator.create(body).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json;odata.metadata=minimal;IEEE754Compatible=false",
        "APPLICATION/JSON",
    ],
)
def test_parameters_of_the_content_type_are_welcome(operator, content_type):
    body = json.dumps(make_body())
    assert operator.create(body, content_type).status_code == 201


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "application/json;odata.metadata=minimal;q=1.0,application/json;q=0.5",
        "application/json, text/plain, */*",
    ],
)
def test_every_accept_header_that_clients_send_is_met(operator, accept):
    response = operator.create(make_body(), headers={"Accept": accept})
    assert response.status_code == 201


def test_a_byte_order_mark_is_tolerated(operator):
    body = b"\xef\xbb\xbf" + json.dumps(make_body()).encode()
    assert operator.create(body).status_code == 201


def test_a_client_request_id_is_echoed(operator):
    theirs = str(uuid.uuid4())
    response = operator.create(make_body(), headers={"client-request-id": theirs})
    assert response.headers["client-request-id"] == theirs
    assert response.headers["request-id"] != theirs


def test_with_create_requires_metadata_nullable_properties_may_be_absent(
    operator, settings
):
    settings.CREATE_REQUIRES = "metadata"
    response = operator.create(make_body(**dict.fromkeys(NULLABLE, ABSENT)))
    assert response.status_code == 201
    assert [response.json()[name] for name in NULLABLE] == [None] * len(NULLABLE)


def test_a_creation_costs_one_look_at_the_token_and_one_insert(
    operator, django_assert_num_queries
):
    with django_assert_num_queries(4):  # the token, the insert, and its savepoint's two
        operator.create(make_body())
