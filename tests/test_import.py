"""Records from a file: preview, confirm, and what is stored then."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from certstates import uploads
from certstates.admin import importing
from certstates.importer import apply
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from tests.certificates import make_certificate, pem
from tests.files import (
    EXPORT,
    IMPORT,
    LIST,
    RECORD,
    body_of,
    confirm,
    csv_file,
    import_file,
    json_file,
    upload,
    xlsx_file,
)
from tests.make import HttpsClient, make_state
from tests.test_export import TEXTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("upload_directory")]


def counts_of(page):
    return {label: count for _, label, count, *_ in page.context["sections"]}


def stored():
    names = [
        f.name for f in State._meta.fields if f.name not in ("updated_at", "version")
    ]
    return [*State.objects.order_by("pk").values(*names)]


def test_a_file_is_previewed_confirmed_and_stored(staff):
    make_state(id="a", managed_device_display_name="OLD", user_principal_name=None)
    make_state(id="b", managed_device_display_name="SAME")
    content = csv_file(
        {**RECORD, "id": "a", "managedDeviceDisplayName": "NEW"},
        {**RECORD, "id": "new", "managedDeviceDisplayName": "ADDED"},
    )
    before = stored()
    page = upload(staff, content)
    assert counts_of(page) == {
        "new": "1",
        "changed": "1",
        "unchanged": "0",
        "refused": "0",
    }
    [verdict] = page.context["sections"][2][3]
    changes = {change.name: (change.old, change.new) for change in verdict.changes}
    assert changes["managedDeviceDisplayName"] == ("OLD", "NEW")
    assert changes["userPrincipalName"] == (None, RECORD["userPrincipalName"])
    assert b"Import 2 records" in page.content
    assert stored() == before

    page = confirm(staff, page, reason="moved from the old system")
    assert page.redirect_chain[-1][0] == LIST
    [message] = page.context["messages"]
    assert str(message) == "Imported: 1 record added, 1 changed, 0 left as they were."
    assert State.objects.count() == 3
    changed = State.objects.get(pk="a")
    assert changed.managed_device_display_name == "NEW"
    assert changed.user_principal_name == RECORD["userPrincipalName"]
    assert State.objects.get(pk="new").certificate_key_usages == 160


def test_the_history_knows_the_door_the_person_and_the_reason(staff):
    import_page = upload(staff, csv_file({**RECORD, "id": "a"}))
    confirm(staff, import_page, reason="from the old system")
    event = StateEvent.objects.get(pgh_obj_id="a")
    assert (event.door, event.who) == ("import", "admin")
    assert event.reason == "from the old system"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_what_was_exported_comes_back_exactly(staff, kind):
    for n, text in enumerate(TEXTS):
        make_state(
            id=f"{n:02}",
            managed_device_display_name=text,
            user_principal_name=None,
            certificate_key_usages=n,
            certificate_expiration_date_time=dt.datetime(
                9999, 12, 31, 23, 59, 59, 999999, dt.UTC
            ),
        )
    before = stored()
    content = body_of(staff.get(EXPORT, {"format": kind}))
    page = upload(staff, content)
    assert counts_of(page)["unchanged"] == str(len(TEXTS)), page.context["sections"]

    State.objects.all().delete()
    import_file(staff, content)
    after = stored()
    for old, new in zip(before, after, strict=True):
        assert {**old, "created_at": None} == {**new, "created_at": None}


@pytest.mark.parametrize(
    "spelt",
    [
        str.upper,
        str.lower,
        lambda name: name[0].upper() + name[1:],
        lambda name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name),
    ],
)
def test_columns_are_known_in_any_spelling(staff, spelt):
    import_file(staff, csv_file({spelt(name): value for name, value in RECORD.items()}))
    assert (
        State.objects.get().certificate_serial_number
        == RECORD["certificateSerialNumber"]
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_delimiters_and_marked_encodings_are_read(
    staff, delimiter, encoding
):
    record = {**RECORD, "managedDeviceDisplayName": 'Ü; "x", 末\r\nline 2'}
    import_file(staff, csv_file(record, delimiter=delimiter, encoding=encoding))
    assert State.objects.get().managed_device_display_name == 'Ü; "x", 末\r\nline 2'


@pytest.mark.parametrize(
    "content",
    [
        json_file(RECORD),
        json_file(RECORD)[:-1] + b', "@odata.nextLink": "y"}',
        b"[%s]" % json_file(RECORD).partition(b'"value": [')[2][:-2],
        json_file(RECORD).partition(b'"value": [')[2][:-2],
        b"\xef\xbb\xbf\r\n " + json_file(RECORD),
        json_file(RECORD).decode().encode("utf-16"),
        json_file({**RECORD, "@odata.etag": "x", "id@odata.type": "#String"}),
        json_file({**RECORD, "certificateRevokeStatus": 0}),
        json_file({name.title(): value for name, value in RECORD.items()}),
    ],
)
def test_json_is_a_page_an_array_or_a_record(staff, content):
    page = upload(staff, content, "records.txt")
    assert page.context["warnings"] == []
    confirm(staff, page)
    assert State.objects.get().user_principal_name == RECORD["userPrincipalName"]


def test_records_by_the_line_are_read_to_the_last(staff):
    lines = [json_file({**RECORD, "id": f"{n}"})[36:-2] for n in range(3)]
    record = json_file({**RECORD, "id": "0"}).partition(b'"value": [')[2][:-2]
    lines = [record.replace(b'"id": "0"', b'"id": "%d"' % n) for n in range(500)]
    import_file(staff, b"\n".join(lines))
    assert State.objects.count() == 500


def test_a_status_is_given_by_name_or_number(staff):
    content = csv_file(
        {**RECORD, "id": "a", "certificateRevokeStatus": "Failed"},
        {**RECORD, "id": "b", "certificateRevokeStatus": "3"},
    )
    import_file(staff, content)
    assert {*State.objects.values_list("certificate_revoke_status", flat=True)} == {3}


def test_only_the_columns_of_the_file_are_changed(staff):
    make_state(id="a", user_principal_name="kept", certificate_key_usages=7)
    import_file(staff, csv_file({"id": "a", "managedDeviceDisplayName": "NEW"}))
    record = State.objects.get()
    assert record.managed_device_display_name == "NEW"
    assert (record.user_principal_name, record.certificate_key_usages) == ("kept", 7)


def test_an_unchanged_file_writes_nothing(staff):
    make_state(id="a")
    version = State.objects.get().version
    page = upload(staff, body_of(staff.get(EXPORT, {"format": "csv"})))
    assert b"Nothing would change" in page.content
    assert b'value="Import' not in page.content
    confirm(staff, page)
    assert State.objects.get().version == version


def test_a_change_of_status_is_dated_unless_the_file_brings_another_date(staff):
    name = "certificateRevokeStatusLastChangeDateTime"
    for id in "abc":
        make_state(id=id)
    old = State.objects.get(pk="a").certificate_revoke_status_last_change_date_time
    rows = [
        {"id": "a", "certificateRevokeStatus": "pending", name: ""},
        {"id": "b", "certificateRevokeStatus": "pending", name: old.isoformat()},
        {"id": "c", "certificateRevokeStatus": "pending", name: "2020-02-29T00:00:00Z"},
    ]
    before = timezone.now()
    page = upload(staff, csv_file(*rows))
    [*_, verdict] = page.context["sections"][2][3]
    assert b"moment of the import" in page.content
    assert [change.name for change in verdict.changes][-1] == name
    confirm(staff, page)
    dates = dict(
        State.objects.values_list(
            "pk", "certificate_revoke_status_last_change_date_time"
        )
    )
    assert dates["a"] >= before <= dates["b"]
    assert dates["c"] == dt.datetime(2020, 2, 29, tzinfo=dt.UTC)


def test_a_preview_that_was_overtaken_is_shown_again(staff):
    make_state(id="a")
    page = upload(staff, csv_file({"id": "a", "managedDeviceDisplayName": "NEW"}))
    State.objects.update(managed_device_display_name="NEIGHBOUR")
    again = confirm(staff, page, reason="because")
    assert b"Nothing was saved" in again.content
    assert State.objects.get().managed_device_display_name == "NEIGHBOUR"
    assert again.context["form"]["reason"].value() == "because"
    [verdict] = again.context["sections"][2][3]
    assert verdict.changes[0].old == "NEIGHBOUR"
    again.redirect_chain.extend(page.redirect_chain)
    confirm(staff, again)
    assert State.objects.get().managed_device_display_name == "NEW"


def test_a_record_that_appeared_meanwhile_is_not_overwritten_unseen(staff):
    page = upload(staff, csv_file({**RECORD, "id": "a"}))
    make_state(id="a", managed_device_display_name="NEIGHBOUR")
    assert b"Nothing was saved" in confirm(staff, page).content
    assert State.objects.get().managed_device_display_name == "NEIGHBOUR"


def test_a_record_that_vanished_meanwhile_is_not_made_unseen(staff):
    make_state(id="a")
    page = upload(staff, csv_file({"id": "a", "managedDeviceDisplayName": "NEW"}))
    State.objects.all().delete()
    again = confirm(staff, page)
    assert b"No record has the id" in again.content
    assert not State.objects.exists()


def test_a_file_is_imported_once(staff):
    page = upload(staff, csv_file(RECORD))
    confirm(staff, page)
    again = confirm(staff, page)
    assert again.redirect_chain[-1][0] == IMPORT
    assert State.objects.count() == 1


def test_a_confirmation_that_is_sent_twice_at_once_imports_once(staff, monkeypatch):
    page = upload(staff, csv_file(RECORD))
    second = []

    def apply_slowly(rows, *, expected):
        if not second:
            second.append(confirm(staff, page))
        return apply(rows, expected=expected)

    monkeypatch.setattr(importing, "apply", apply_slowly)
    confirm(staff, page)
    assert second[0].redirect_chain[-1][0] == IMPORT
    assert State.objects.count() == 1


def test_a_workbook_is_read_from_its_first_sheet(staff):
    header = [*RECORD, "remark"]
    content = xlsx_file(header, [], [*RECORD.values(), "x"], [None, ""])
    page = upload(staff, content)
    assert b"remark" in page.content
    confirm(staff, page)
    assert State.objects.get().certificate_key_usages == 160


def test_a_certificate_is_told_by_its_subject_and_its_status(staff):
    page = upload(staff, pem(make_certificate("PHONE-1")), name="device.pem")
    [shown] = re.findall(r'data-label="Record">([^<]*)<', page.text)
    assert "PHONE-1" in shown
    assert '<td data-label="Revocation">none</td>' in page.text
    assert '<td data-label="User"><span class="none">(none)</span>' in page.text
    confirm(staff, page)
    assert State.objects.get().user_principal_name is None


def test_stored_markup_is_shown_as_text(staff):
    make_state(id="a", managed_device_display_name="<b>OLD</b>")
    content = csv_file({"id": "a", "managedDeviceDisplayName": "<script>x</script>"})
    page = upload(staff, content, "<i>name</i>.csv").content
    assert b"<script>x" not in page
    assert b"&lt;script&gt;x" in page
    assert b"<i>name" not in page
    assert b"<b>OLD" not in page


def test_the_file_waits_in_private_and_is_gone_after_the_import(
    staff, upload_directory
):
    page = upload(staff, csv_file(RECORD), "../../../etc/passwd.csv")
    [directory] = upload_directory.iterdir()
    [file] = directory.iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    confirm(staff, page)
    assert not [*directory.iterdir()]


def test_a_directory_that_others_can_enter_is_not_used(staff, upload_directory):
    uploads.directory().chmod(0o755)
    with pytest.raises(PermissionError):
        upload(staff, csv_file(RECORD))


def test_a_ticket_is_good_for_its_user_and_an_hour(staff, monkeypatch, settings):
    page = upload(staff, csv_file(RECORD))
    path = page.redirect_chain[-1][0]
    other = HttpsClient()
    other.force_login(User.objects.create_superuser("other"))
    assert other.get(path, follow=True).redirect_chain[-1][0] == IMPORT
    forged = path[:-12] + ("x" if path[-12] != "x" else "y") + path[-11:]
    assert staff.get(forged).status_code == 302
    assert staff.get(path).status_code == 200
    monkeypatch.setattr(uploads, "LIFETIME", -1)
    assert staff.get(path, follow=True).redirect_chain[-1][0] == IMPORT
    uploads.sweep()
    assert not [*uploads.directory().iterdir()]


def test_two_uploads_may_sweep_at_the_same_moment(staff, monkeypatch):
    upload(staff, csv_file(RECORD))
    [*files] = uploads.directory().iterdir()
    monkeypatch.setattr(uploads, "LIFETIME", -1)
    monkeypatch.setattr(type(files[0]), "iterdir", lambda path: swept_by_another(files))
    uploads.sweep()
    assert not any(file.exists() for file in files)


def swept_by_another(files):
    """Yield files, each of which somebody else has just removed."""
    for file in files:
        file.unlink()
        yield file


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("add", "change", "import"), 200),
        (("add", "change"), 403),
        (("add", "import"), 403),
        (("change", "import"), 403),
        (("view",), 403),
    ],
)
def test_an_import_needs_three_permissions(staff, permissions, status):
    waiting = upload(staff, csv_file(RECORD)).redirect_chain[-1][0]
    content_type = Permission.objects.filter(
        content_type__model="managedalldevicecertificatestate"
    )[0].content_type
    Permission.objects.get_or_create(
        codename="import_managedalldevicecertificatestate",
        content_type=content_type,
        defaults={"name": "Can import"},
    )
    user = User.objects.create_user("somebody", is_staff=True)
    for name in permissions:
        codename = f"{name}_managedalldevicecertificatestate"
        user.user_permissions.add(Permission.objects.get(codename=codename))
    person = HttpsClient()
    person.force_login(user)
    assert person.get(IMPORT).status_code == status
    assert upload(person, csv_file(RECORD)).status_code == status
    if status == 403:
        for path in (waiting, waiting.replace("preview/", "refused.csv")):
            assert person.get(path).status_code == 403
            assert person.post(path).status_code == 403


def test_a_forged_upload_is_refused(admin_user):
    client = HttpsClient(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert upload(client, csv_file(RECORD)).status_code == 403
