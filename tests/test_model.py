"""The laws that hold behind every door, and the verbs."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection
from django.utils import timezone

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus, camel_case
from certstates.serializers import CertificateStateSerializer
from tests.make import make_state

pytestmark = pytest.mark.django_db

TABLE = State._meta.db_table
NOW = timezone.now()


def test_wire_names_follow_from_the_names_of_the_fields():
    assert camel_case("id") == "id"
    assert camel_case("user_principal_name") == "userPrincipalName"
    assert [*CertificateStateSerializer().fields] == [
        camel_case(name) for name in CertificateStateSerializer.Meta.fields
    ]


def test_every_property_of_the_model_is_on_the_wire():
    fields = {f.name for f in State._meta.fields} - {
        "created_at",
        "updated_at",
        "version",
    }
    assert {*CertificateStateSerializer.Meta.fields} == fields
    assert len(fields) == 13


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("id", "a/b", "certstates_id_opaque"),
        ("id", "", "certstates_id_opaque"),
        ("id", "a\nb", "certstates_id_opaque"),
        ("id", "a\n", "certstates_id_opaque"),
        ("id", "..", "certstates_id_opaque"),
        ("id", "a\x85b", "certstates_id_opaque"),
        ("certificate_revoke_status", 5, "certstates_revoke_status_known"),
        ("certificate_revoke_status", -1, "certstates_revoke_status_known"),
        (
            "certificate_expiration_date_time",
            "infinity",
            "certstates_expiration_in_range",
        ),
        (
            "certificate_issuance_date_time",
            "-infinity",
            "certstates_issuance_in_range",
        ),
        (
            "certificate_issuance_date_time",
            "0001-01-01 00:00:00 BC",
            "certstates_issuance_in_range",
        ),
        (
            "certificate_revoke_status_last_change_date_time",
            "10000-01-01",
            "certstates_last_change_in_range",
        ),
    ],
)
def test_raw_sql_fails_loudly_and_by_name(column, value, constraint):
    make_state(id="a")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=constraint):
        cursor.execute(f"UPDATE {TABLE} SET {column} = %s", [value])


@pytest.mark.parametrize(
    "column",
    [
        "certificate_revoke_status",
        "certificate_revoke_status_last_change_date_time",
        "certificate_expiration_date_time",
        "certificate_issuance_date_time",
    ],
)
def test_raw_sql_cannot_empty_what_is_not_nullable(column):
    make_state(id="a")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=column):
        cursor.execute(f"UPDATE {TABLE} SET {column} = NULL")


def test_raw_sql_cannot_exceed_a_length_or_an_int32():
    make_state(id="a")
    with connection.cursor() as cursor, pytest.raises(DataError):
        cursor.execute(f"UPDATE {TABLE} SET certificate_key_usages = 2147483648")


@pytest.mark.parametrize(
    "name", ["a/b", "", "a\n", "a\x00", ".", "..", "x" * 256, "a\ud800"]
)
def test_full_clean_refuses_an_id_that_the_database_would_refuse(name):
    record = State(
        id=name,
        certificate_expiration_date_time=NOW,
        certificate_issuance_date_time=NOW,
    )
    with pytest.raises(ValidationError) as refused:
        record.full_clean()
    assert [*refused.value.error_dict] == ["id"]


def test_the_longest_texts_fit_into_the_indexes():
    for char in ("x", "\U0001f510", "\u0390"):  # the last grows when made upper case
        digits = "".join(char if n % 2 else str(n % 7) for n in range(255))
        make_state(
            id=digits,
            certificate_thumbprint=digits,
            certificate_serial_number=digits,
            managed_device_display_name=char * 4096,
            user_principal_name=char * 4096,
            certificate_subject_name=char * 4096,
            certificate_issuer_name=char * 4096,
            certificate_extended_key_usages=char * 4096,
        )


def test_ids_sort_by_the_time_of_their_making():
    ids = [make_state().id for _ in range(50)]
    assert ids == sorted(ids)


def test_expired_and_expiring_share_no_record():
    for days in (-1, 3, 20):
        expires = timezone.now() + dt.timedelta(days=days)
        make_state(id=f"{days}", certificate_expiration_date_time=expires)
    week = dt.timedelta(days=7)
    assert [r.id for r in State.objects.expired()] == ["-1"]
    assert [r.id for r in State.objects.expiring(within=week)] == ["3"]


def test_a_revocation_is_open_until_it_is_revoked():
    for status in RevocationStatus:
        make_state(id=status.wire_name, certificate_revoke_status=status)
    found = {record.id for record in State.objects.revocation_open()}
    assert found == {"pending", "issued", "failed"}


def test_save_changes_leaves_a_neighbours_edit_alone():
    record = make_state(id="a")
    State.objects.update(user_principal_name="neighbour")
    record.certificate_key_usages = 4
    record.save_changes(["certificate_key_usages"], dated=False)
    record = State.objects.get()
    assert record.certificate_key_usages == 4
    assert record.user_principal_name == "neighbour"
    assert record.updated_at > record.created_at


def test_created_and_updated_are_set_for_raw_sql_too():
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (id, certificate_revoke_status, "
            "certificate_revoke_status_last_change_date_time, "
            "certificate_expiration_date_time, certificate_issuance_date_time) "
            "VALUES ('a', 0, now(), now(), now())"
        )
    assert State.objects.get().created_at <= timezone.now()


def test_a_record_names_itself():
    assert str(make_state(certificate_subject_name="CN=x")) == "LAPTOP-1: CN=x"
    assert str(make_state(id="a", managed_device_display_name=None)) == "(no device): a"
