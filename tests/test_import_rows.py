"""Rows of one file beside each other and beside what is stored."""

import datetime as dt

import pytest
from django.db import connection, transaction

from certstates.importer import Kind, OnConflict, verdicts
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from certstates.sources import Row
from tests.files import RECORD
from tests.make import make_state

pytestmark = pytest.mark.django_db


def imported(*rows, dry_run=False, **options):
    """Import rows, each a dictionary or a Row; return the verdicts."""
    made = [
        row if isinstance(row, Row) else Row(line, row)
        for line, row in enumerate(rows, 2)
    ]
    with transaction.atomic():
        return [*verdicts(made, dry_run=dry_run, **options)]


def kinds(found):
    return [verdict.kind for verdict in found]


def test_rows_without_an_id_are_the_same_records_the_next_time():
    rows = [{**RECORD, "managedDeviceDisplayName": f"D{n}"} for n in range(3)]
    first = imported(*rows)
    again = imported(*rows)
    assert kinds(first) == [Kind.NEW] * 3
    assert kinds(again) == [Kind.UNCHANGED] * 3
    assert [v.id for v in first] == [v.id for v in again]
    assert State.objects.count() == 3


def test_a_thumbprint_that_is_spelt_otherwise_is_the_same_record():
    [first] = imported({**RECORD, "certificateThumbprint": "AB12"})
    [again] = imported({**RECORD, "certificateThumbprint": "ab:12"})
    assert (again.kind, again.id) == (Kind.CHANGED, first.id)
    assert State.objects.get().certificate_thumbprint == "ab:12"


def test_a_new_status_changes_the_record_that_has_no_id_in_the_file():
    imported(RECORD)
    [verdict] = imported({**RECORD, "certificateRevokeStatus": "revoked"})
    assert verdict.kind == Kind.CHANGED
    assert [change.name for change in verdict.changes] == [
        "certificateRevokeStatus",
        "certificateRevokeStatusLastChangeDateTime",
    ]
    assert State.objects.get().certificate_revoke_status == 4


def test_a_row_may_be_repeated_if_nothing_differs():
    found = imported(RECORD, RECORD, {**RECORD, "certificateKeyUsages": 1})
    assert kinds(found) == [Kind.NEW, Kind.UNCHANGED, Kind.REFUSED]
    assert "(line 2)" in found[2].faults[0]
    assert not State.objects.exists()


def test_an_id_that_a_source_made_may_be_repeated_too():
    rows = [Row(n, {**RECORD, "id": "made"}, is_derived=True) for n in (2, 3)]
    assert kinds(imported(*rows)) == [Kind.NEW, Kind.UNCHANGED]
    plain = [{**RECORD, "id": "given"}, {**RECORD, "id": "given"}]
    [_, second] = imported(*plain)
    assert second.faults == [
        "id: An earlier row of this file (line 2) has the same id."
    ]


def test_defaults_are_for_new_records_only():
    defaults = {"certificateRevokeStatus": "pending", "userPrincipalName": "nobody"}
    make_state(id="old", certificate_revoke_status=4, user_principal_name="ana")
    names = ("certificateRevokeStatus", "userPrincipalName")
    values = {n: v for n, v in RECORD.items() if n not in names}
    rows = [
        Row(n, {**values, "id": id}, (), defaults) for n, id in [(2, "old"), (3, "new")]
    ]
    old, _ = imported(*rows)
    assert {change.name for change in old.changes}.isdisjoint(names)
    stored = State.objects.in_bulk()
    assert stored["old"].certificate_revoke_status == 4
    assert stored["old"].user_principal_name == "ana"
    assert stored["new"].certificate_revoke_status == 1
    assert stored["new"].user_principal_name == "nobody"
    assert imported(*rows)[1].kind == Kind.UNCHANGED


def test_rows_of_json_may_name_different_properties():
    make_state(id="a", user_principal_name="kept")
    make_state(id="b", managed_device_display_name="KEPT")
    imported(
        {"id": "a", "managedDeviceDisplayName": "NEW"},
        {"id": "b", "userPrincipalName": None, "certificateKeyUsages": 7},
    )
    a, b = State.objects.order_by("pk")
    assert (a.managed_device_display_name, a.user_principal_name) == ("NEW", "kept")
    assert (b.managed_device_display_name, b.user_principal_name) == ("KEPT", None)
    assert b.certificate_key_usages == 7


CONFLICTS = [
    (OnConflict.UPDATE, [Kind.UNCHANGED, Kind.CHANGED, Kind.NEW], "NEW"),
    (OnConflict.SKIP, [Kind.UNCHANGED, Kind.UNCHANGED, Kind.NEW], "OLD"),
    (OnConflict.FAIL, [Kind.UNCHANGED, Kind.REFUSED, Kind.NEW], "OLD"),
]


@pytest.mark.parametrize(("on_conflict", "expected", "stored"), CONFLICTS)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_record_that_differs_is_changed_left_or_in_the_way(
    on_conflict, expected, stored, dry_run
):
    imported({**RECORD, "id": "same"})
    make_state(id="other", managed_device_display_name="OLD")
    found = imported(
        {**RECORD, "id": "same"},
        {"id": "other", "managedDeviceDisplayName": "NEW"},
        {**RECORD, "id": "new"},
        dry_run=dry_run,
        on_conflict=on_conflict,
    )
    assert kinds(found) == expected
    name = State.objects.get(pk="other").managed_device_display_name
    assert name == ("OLD" if dry_run else stored)
    is_saved = not dry_run and Kind.REFUSED not in expected
    assert State.objects.filter(pk="new").exists() == is_saved
    if Kind.REFUSED in expected:
        assert found[1].faults == [
            "The record exists already, and differs in managedDeviceDisplayName."
        ]


def test_a_refused_row_keeps_the_others_out_or_does_not():
    rows = [
        {**RECORD, "id": "good"},
        {**RECORD, "id": "bad", "certificateKeyUsages": ""},
    ]
    assert kinds(imported(*rows)) == [Kind.NEW, Kind.REFUSED]
    assert not State.objects.exists()
    imported(*rows, keep_going=True)
    assert State.objects.get().pk == "good"


def test_what_is_wrong_and_what_is_missing_are_told_together():
    [verdict] = imported({"id": "x", "certificateKeyUsages": "1.5"})
    missing, wrong = verdict.faults
    assert missing.startswith("No record has the id 'x'")
    assert "certificateThumbprint" in missing
    assert wrong.startswith("certificateKeyUsages: Expected Edm.Int32")


@pytest.fixture
def constraint():
    """A law that the database has, and nobody else knows of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE certstates_managedalldevicecertificatestate "
            "ADD CONSTRAINT no_evil CHECK (user_principal_name <> 'evil')"
        )


@pytest.mark.usefixtures("constraint")
@pytest.mark.parametrize("keep_going", [True, False])
def test_what_the_database_alone_refuses_is_refused_with_its_line(keep_going):
    make_state(id="a", user_principal_name="good")
    users = ["x"] * 50 + ["evil", "evil"] + ["x"] * 30 + ["evil"]
    new = [
        {**RECORD, "id": f"n{n:02}", "userPrincipalName": u}
        for n, u in enumerate(users)
    ]
    found = imported(
        {"id": "a", "userPrincipalName": "evil"}, *new, keep_going=keep_going
    )
    refused = [verdict for verdict in found if verdict.kind == Kind.REFUSED]
    assert [verdict.line for verdict in refused] == [2, 53, 54, 85]
    assert all("no_evil" in verdict.faults[0] for verdict in refused)
    if keep_going:
        assert State.objects.count() == 81
    assert State.objects.get(pk="a").user_principal_name == "good"


def test_history_delta_and_last_write_follow_an_import():
    make_state(id="a", managed_device_display_name="OLD")
    before = State.objects.get()
    imported({"id": "a", "managedDeviceDisplayName": "NEW"}, {**RECORD, "id": "b"})
    after = State.objects.get(pk="a")
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at
    events = StateEvent.objects.order_by("pgh_id").values_list(
        "pgh_obj_id", "pgh_label"
    )
    assert [*events] == [("a", "insert"), ("a", "update"), ("b", "insert")]
    new = State.objects.get(pk="b")
    assert new.version == after.version > 0
    assert new.updated_at == new.created_at


def test_the_tables_of_two_imports_in_one_transaction_do_not_meet():
    with transaction.atomic():
        imported({**RECORD, "id": "a"})
        assert kinds(imported({**RECORD, "id": "b"})) == [Kind.NEW]
    assert State.objects.count() == 2


def test_every_value_comes_back_from_an_import_as_it_was():
    moment = "9999-12-31T23:59:59.999999Z"
    text = "a\tb\\N\r\n\\.\x7f\u202e\U0001f512"
    row = {**RECORD, "id": "é'\\\U0001f512", "certificateExpirationDateTime": moment}
    row |= {"certificateSubjectName": text, "certificateIssuerName": ""}
    row |= {"certificateKeyUsages": -(2**31)}
    [verdict] = imported(row)
    record = State.objects.get()
    assert record.pk == row["id"] == verdict.id
    assert record.certificate_subject_name == text
    assert record.certificate_issuer_name == ""
    assert record.certificate_key_usages == -(2**31)
    assert record.certificate_expiration_date_time == dt.datetime.max.replace(
        tzinfo=dt.UTC
    )
    assert verdict.values == row
    assert kinds(imported(row)) == [Kind.UNCHANGED]
