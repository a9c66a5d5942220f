"""Two who edit one record: nobody's edit is lost, and both are told."""

import datetime as dt
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User

from certstates.admin.editing import EditAdmin
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from tests.make import HttpsClient, make_state
from tests.test_admin import LIST, FormReader, form_of
from tests.test_concurrency import at_once

# Each writer needs a transaction of its own: the record's version is its number.
pytestmark = pytest.mark.django_db(transaction=True)

URL = f"{LIST}a/change/"
DEVICE, USER = "managed_device_display_name", "user_principal_name"
EXPIRES = "certificate_expiration_date_time"


def signed_in(user):
    client = HttpsClient()
    client.force_login(user)
    return client


@pytest.fixture
def ana(admin_user):
    make_state(id="a")
    return signed_in(admin_user)


@pytest.fixture
def bob(db):
    return signed_in(User.objects.create_superuser("bob"))


def fields_of(response):
    return FormReader(response.content.decode()).values


def table_of(response):
    """Return the notice's table: per field what was seen, is there, was entered."""
    found = {}
    for row in re.findall(r"<tr.*?</tr>", response.content.decode(), re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        cells = [cell.partition('<span class="both">')[0] for cell in cells]
        words = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells]
        found[words[0]] = tuple(words[1:])
    return found


def test_a_form_that_was_overtaken_comes_back_with_both_edits_and_then_applies(
    ana, bob
):
    values = form_of(ana, URL)
    changed = {**form_of(bob, URL), USER: "bob@x", "reason": "<b>moved</b>"}
    assert bob.post(URL, changed).status_code == 302

    late = ana.post(URL, {**values, DEVICE: "ANA'S"})
    assert late.status_code == 200
    assert "Nothing was saved" in late.content.decode()
    assert State.objects.get().managed_device_display_name == "LAPTOP-1"
    assert table_of(late) == {
        "Field": ("You saw", "It is now", "You entered"),
        "Device": ("LAPTOP-1", "unchanged", "ANA'S"),
        "User": ("ana@contoso.example", "bob@x", "untouched"),
    }
    told = re.search(r'<ul class="events">(.*?)</ul>', late.content.decode(), re.DOTALL)
    assert "Changed by <b>bob</b> via admin at 20" in told[1]
    assert "&lt;b&gt;moved&lt;/b&gt;" in told[1]

    again = fields_of(late)
    assert (again[DEVICE], again[USER]) == ("ANA'S", "bob@x")
    assert ana.post(URL, again).status_code == 302
    record = State.objects.get()
    assert (record.managed_device_display_name, record.user_principal_name) == (
        "ANA'S",
        "bob@x",
    )


def test_where_both_wrote_the_own_entry_stays_and_the_other_is_offered(ana, bob):
    values = form_of(ana, URL)
    bob.post(
        URL, {**form_of(bob, URL), USER: "bob's <i>", f"{EXPIRES}_0": "2030-01-01"}
    )
    late = ana.post(URL, {**values, USER: "ana's"})
    assert table_of(late)["User"] == ("ana@contoso.example", "bob's <i>", "ana's")
    page = late.content.decode()
    assert "bob&#x27;s &lt;i&gt;" in page
    assert "<i>" not in page
    [take] = re.findall(r'data-take="([^"]+)"', page)
    assert unescape(take) == '{"user_principal_name": "bob\'s <i>"}'
    again = fields_of(late)
    assert (again[USER], again[f"{EXPIRES}_0"]) == ("ana's", "2030-01-01")
    ana.post(URL, again)
    record = State.objects.get()
    assert record.user_principal_name == "ana's"
    assert record.certificate_expiration_date_time.year == 2030


def test_who_entered_nothing_is_shown_the_fresh_record(ana, bob):
    values = form_of(ana, URL)
    bob.post(URL, {**form_of(bob, URL), DEVICE: "BOB'S"})
    late = ana.post(URL, values)
    assert "You had entered nothing" in late.content.decode()
    assert fields_of(late)[DEVICE] == "BOB'S"
    assert ana.post(URL, fields_of(late)).status_code == 302
    assert StateEvent.objects.filter(pgh_label="update").count() == 1


def test_the_api_and_raw_updates_overtake_a_form_too(ana, operator):
    values = form_of(ana, URL)
    operator.change("a", {"certificateRevokeStatus": "revoked"})
    State.objects.update(certificate_key_usages=160)
    late = ana.post(URL, {**values, DEVICE: "ANA'S"})
    assert table_of(late)["Revocation"][:2] == ("Not revoked", "Revoked")
    assert table_of(late)["Key usages"] == ("empty", "160", "untouched")
    page = late.content.decode()
    assert "by <b>tests</b> via API" in page
    assert "Changed via SQL" in page
    ana.post(URL, fields_of(late))
    record = State.objects.get()
    assert (record.certificate_revoke_status, record.certificate_key_usages) == (4, 160)
    assert record.managed_device_display_name == "ANA'S"


def test_a_third_writer_overtakes_again(ana, bob):
    late = form_of(ana, URL)
    late[DEVICE] = "ANA'S"
    for n in range(3):
        bob.post(URL, {**form_of(bob, URL), USER: f"{n}"})
        response = ana.post(URL, late)
        assert response.status_code == 200
        late = fields_of(response)
        assert (late[DEVICE], late[USER]) == ("ANA'S", f"{n}")
    assert ana.post(URL, late).status_code == 302


def test_what_is_entered_wrongly_is_kept_and_said_as_well(ana, bob):
    values = form_of(ana, URL)
    bob.post(URL, {**form_of(bob, URL), DEVICE: "BOB'S"})
    wrong = {"certificate_key_usages": "many", f"{EXPIRES}_0": "tomorrow"}
    late = ana.post(URL, {**values, **wrong})
    assert table_of(late)["Key usages"] == ("empty", "unchanged", "many")
    assert table_of(late)["Expires"][2] == "tomorrow 10:00:00"
    assert {"certificate_key_usages", EXPIRES} <= {
        *late.context["adminform"].form.errors
    }
    shown = fields_of(late)
    assert shown["certificate_key_usages"] == "many"
    assert shown[f"{EXPIRES}_0"] == "tomorrow"
    assert shown[DEVICE] == "BOB'S"


def test_a_neighbours_text_of_several_lines_is_taken_over_whole(ana, bob):
    values = form_of(ana, URL)
    text = " line 1\r\nline 2\ttab "
    State.objects.update(certificate_subject_name=text)
    late = ana.post(URL, {**values, DEVICE: "ANA'S"})
    assert ana.post(URL, fields_of(late)).status_code == 302
    assert State.objects.get().certificate_subject_name == text


def test_a_moment_keeps_its_fraction_when_it_is_taken_over(ana):
    values = form_of(ana, URL)
    moment = dt.datetime(2031, 1, 1, 0, 0, 0, 123456, tzinfo=dt.UTC)
    State.objects.update(certificate_expiration_date_time=moment)
    late = ana.post(URL, {**values, DEVICE: "ANA'S"})
    assert table_of(late)["Expires"][1] == "2031-01-01 00:00:00.123456 UTC"
    ana.post(URL, fields_of(late))
    assert State.objects.get().certificate_expiration_date_time == moment


@pytest.mark.parametrize("seen", [None, "", "x", "1", "e30:1:x", "\0", "ü" * 5000])
def test_a_form_that_cannot_say_what_it_showed_counts_as_overtaken(ana, seen):
    values = {**form_of(ana, URL), DEVICE: "ANA'S", "seen": seen}
    if seen is None:
        del values["seen"]
    late = ana.post(URL, values)
    assert late.status_code == 200
    assert table_of(late)["Device"] == ("unknown", "unchanged", "ANA'S")
    assert State.objects.get().managed_device_display_name == "LAPTOP-1"
    assert ana.post(URL, fields_of(late)).status_code == 302
    assert State.objects.get().managed_device_display_name == "ANA'S"


def test_what_another_records_form_showed_proves_nothing(ana):
    make_state(id="b")
    seen = form_of(ana, f"{LIST}b/change/")["seen"]
    assert ana.post(URL, {**form_of(ana, URL), "seen": seen}).status_code == 200


def test_a_refused_entry_is_saved_once_it_is_right(ana):
    values = {**form_of(ana, URL), f"{EXPIRES}_0": "2030-01-01"}
    refused = ana.post(URL, {**values, "certificate_key_usages": "x"})
    assert refused.context["adminform"].form.errors
    right = {**fields_of(refused), "certificate_key_usages": "4"}
    assert ana.post(URL, right).status_code == 302
    record = State.objects.get()
    assert record.certificate_expiration_date_time.year == 2030
    assert record.certificate_key_usages == 4


def test_a_record_that_was_deleted_meanwhile_can_be_created_again(ana, bob):
    values = form_of(ana, URL)
    bob.post(f"{LIST}a/delete/", {"post": "yes"})
    late = ana.post(URL, {**values, DEVICE: "<b>ANA'S", "certificate_key_usages": "x"})
    page = late.content.decode()
    assert late.status_code == 200
    assert "was deleted" in page
    assert "Deleted by <b>bob</b>" in page
    assert "&lt;b&gt;ANA&#x27;S" in page
    assert not State.objects.exists()

    entered = fields_of(late)
    refused = ana.post(f"{LIST}add/", entered)
    assert [*refused.context["adminform"].form.errors] == ["certificate_key_usages"]
    right = {**fields_of(refused), "certificate_key_usages": "4"}
    assert ana.post(f"{LIST}add/", right).status_code == 302
    record = State.objects.get()
    assert (record.id, record.managed_device_display_name) == ("a", "<b>ANA'S")
    assert record.user_principal_name == "ana@contoso.example"


def test_who_may_not_add_is_shown_the_entries_of_a_deleted_record(ana):
    values = form_of(ana, URL)
    editor = User.objects.create_user("eve", is_staff=True)
    editor.user_permissions.add(
        Permission.objects.get(codename="change_managedalldevicecertificatestate")
    )
    State.objects.all().delete()
    late = signed_in(editor).post(URL, {**values, DEVICE: "EVE'S"})
    assert "EVE&#x27;S" in late.content.decode()
    assert "Create it again" not in late.content.decode()


def test_a_record_that_came_again_is_another_one(ana, operator):
    values = form_of(ana, URL)
    State.objects.all().delete()
    make_state(id="a", user_principal_name="again")
    late = ana.post(URL, {**values, DEVICE: "ANA'S"})
    assert "Deleted via SQL" in late.content.decode()
    assert fields_of(late)[USER] == "again"


def test_of_forms_sent_at_the_same_moment_none_is_lost(admin_user):
    make_state(id="a")
    names = [DEVICE, USER, "certificate_issuer_name", "certificate_subject_name"]

    def edit(name):
        client = signed_in(admin_user)
        response = client.post(URL, {**form_of(client, URL), name: "NEW"})
        rounds = 1
        while response.status_code == 200:
            assert rounds <= len(names)
            response, rounds = client.post(URL, fields_of(response)), rounds + 1
        return rounds

    at_once(*(lambda name=name: edit(name) for name in names))
    record = State.objects.get()
    assert [getattr(record, name) for name in names] == ["NEW"] * len(names)


def test_an_id_that_is_taken_while_it_is_saved_is_said_by_the_form(ana, monkeypatch):
    save = EditAdmin.save_model

    def overtaken(self, request, obj, *args):
        at_once(lambda: make_state(id=obj.pk))
        save(self, request, obj, *args)

    monkeypatch.setattr(EditAdmin, "save_model", overtaken)
    add = f"{LIST}add/"
    body = {**form_of(ana, URL), "id": "b"}
    page = ana.post(add, body)
    assert "already exists" in page.content.decode()
    assert fields_of(page)["id"] == "b"
    assert State.objects.count() == 2


def test_of_two_forms_of_one_version_only_one_is_saved_at_once(ana, bob):
    forms = [(ana, form_of(ana, URL), DEVICE), (bob, form_of(bob, URL), USER)]
    answers = at_once(
        *(
            lambda client=client, values=values, name=name: client.post(
                URL, {**values, name: "NEW"}
            )
            for client, values, name in forms
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    [late] = [answer for answer in answers if answer.status_code == 200]
    client = ana if answers[0] is late else bob
    assert client.post(URL, fields_of(late)).status_code == 302
    record = State.objects.get()
    assert record.managed_device_display_name == record.user_principal_name == "NEW"
