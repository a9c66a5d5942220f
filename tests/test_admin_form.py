"""One record's page: what it tells of the record, to whom, and what it never does."""

import datetime as dt
import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certstates.copying import copy_rows
from certstates.models import FIRST_MOMENT, LAST_MOMENT, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.seeding.rows import make_rows
from tests.make import URL as API
from tests.make import HttpsClient, make_state
from tests.test_admin import LIST, form_of

pytestmark = pytest.mark.django_db

URL = f"{LIST}a/change/"
MARKUP = "<script>alert('x')</script>&amp;\"<u>"
TEXTS = (
    "managed_device_display_name",
    "user_principal_name",
    "certificate_subject_name",
    "certificate_issuer_name",
    "certificate_serial_number",
    "certificate_thumbprint",
    "certificate_extended_key_usages",
)


@pytest.fixture
def viewer(db):
    """May look, and nothing else."""
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(
        Permission.objects.get(codename="view_managedalldevicecertificatestate")
    )
    client = HttpsClient()
    client.force_login(user)
    return client


def page_of(client, url=URL):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def row_of(page, name):
    """Return the words in a field's row, without its help."""
    [row] = re.findall(
        rf'<div class="form-row field-{name}">(.*?)(?:"help"|"form-row|</fieldset)',
        page,
        re.DOTALL,
    )
    _, _, words = row.partition("</label>")
    return " ".join(unescape(re.sub(r"<[^>]*>?", " ", words)).split())


def json_of(page):
    [text] = re.findall(r'<pre id="record-json"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return json.loads(unescape(text))


def test_the_page_follows_the_certificates_life(staff):
    now = timezone.now()
    make_state(
        id="a",
        certificate_issuance_date_time=now - dt.timedelta(days=30),
        certificate_expiration_date_time=now + dt.timedelta(days=12, minutes=1),
        certificate_key_usages=160,
        certificate_extended_key_usages="1.3.6.1.5.5.7.3.2; 1.2.3.4",
    )
    page = page_of(staff)
    headings = re.findall(r'class="fieldset-heading">(.*?)<', page)
    assert headings == [
        "Device and user",
        "Validity",
        "Revocation",
        "Certificate",
        "Record",
        "This change",
    ]
    assert row_of(page, "validity") == "Expires in 12 days, of 42 days in all"
    assert row_of(page, "key_usages_read") == (
        "X.509 (.NET) key encipherment, digital signature "
        "Intune cannot be: it has no flag 32 or 128"
    )
    assert row_of(page, "purposes_read") == (
        "client authentication 1.3.6.1.5.5.7.3.2 not known here 1.2.3.4"
    )
    record = State.objects.get()
    assert row_of(page, "etag") == f'{record.version} ETag: W/"{record.version:x}"'
    assert row_of(page, "recorded").endswith("UTC just now")
    for field in State._meta.fields:
        assert field.name in ("version", "id") or str(field.help_text) in unescape(page)


def test_the_json_is_what_the_api_answers(staff, operator):
    make_state(id="a b", certificate_subject_name=MARKUP)
    page = page_of(staff, f"{LIST}a b/change/")
    assert json_of(page) == operator.get(f"{API}/a%20b").json()
    assert f"https://testserver{API}/a%20b" in page


def test_a_viewer_sees_everything_in_words_and_nothing_to_fill_in(viewer):
    make_state(
        id="a",
        certificate_expiration_date_time=dt.datetime(2020, 1, 5, 10, tzinfo=dt.UTC),
        certificate_revoke_status=2,
        certificate_key_usages=3,
        certificate_subject_name=" line 1\r\nline 2",
    )
    page = page_of(viewer)
    form = page.partition('id="managedalldevicecertificatestate_form"')[2]
    assert re.findall(r'name="([^"]+)"', form) == ["csrfmiddlewaretoken"]
    assert row_of(page, "expires").startswith("2020-01-05 10:00:00 UTC")
    assert "not valid after this moment" in page
    assert row_of(page, "revocation") == "Revocation command issued"
    assert "digital signature" in row_of(page, "key_usages_read")
    assert "> line 1<br>line 2</div>" in page
    assert json_of(page)["id"] == "a"


@pytest.mark.parametrize(
    ("issued", "expires", "words"),
    [
        (-30, -3, "Expired 3 days ago"),
        (5, 30, "Not valid yet: begins in 4 days"),
        (30, 5, "Never valid: it expires before it is issued"),
        (None, 40, "Expires in 39 days"),
        (-5, None, "Valid, as if for ever"),
    ],
)
def test_the_validity_is_told_whatever_the_dates(staff, issued, expires, words):
    now = timezone.now()
    days = {"issuance": (issued, FIRST_MOMENT), "expiration": (expires, LAST_MOMENT)}
    moments = {
        f"certificate_{name}_date_time": extreme
        if n is None
        else now + dt.timedelta(days=n)
        for name, (n, extreme) in days.items()
    }
    make_state(id="a", **moments)
    assert row_of(page_of(staff), "validity") == words


def test_what_is_legal_and_hardly_meant_is_said_quietly(staff, viewer):
    make_state(id="a", certificate_thumbprint=MARKUP)
    make_state(id="b")
    for client in (staff, viewer):
        notice = page_of(client).partition('<section class="notice"')[2]
        assert "Its thumbprint holds other characters" in notice
        assert "Worth a look" not in page_of(client, f"{LIST}b/change/")


def test_readings_of_nothing_are_not_shown(staff):
    make_state(id="a", certificate_extended_key_usages="")
    page = page_of(staff)
    assert "field-key_usages_read" not in page
    assert "field-purposes_read" not in page


def test_others_of_the_same_device_user_or_issuer_are_a_link_away(staff):
    names = {
        "managed_device_display_name": "LAP & TOP",
        "user_principal_name": "ana+1@x",
        "certificate_issuer_name": "CN=Ä, O=1",
    }
    make_state(id="a", **names)
    assert 'class="related"' not in page_of(staff)
    make_state(id="b", **{**names, "user_principal_name": "ANA+1@X"})
    make_state(id="c", **{**names, "managed_device_display_name": "LAP & TOPS"})
    make_state(id="d", **{**names, "user_principal_name": "bob"})
    links = re.findall(r'<li>Same (\w+): <a href="([^"]+)">(.*?)</a>', page_of(staff))
    assert [(what, unescape(url), words) for what, url, words in links] == [
        ("device", f"{LIST}?q=LAP+%26+TOP", "2 others"),
        ("user", f"{LIST}?q=ana%2B1%40x", "2 others"),
        ("issuer", f"{LIST}?issuer=CN%3D%C3%84%2C+O%3D1", "3 others"),
    ]


def test_many_others_are_not_counted_to_their_end(staff):
    State.objects.bulk_create(
        State(
            id=f"{n}",
            managed_device_display_name="SAME",
            certificate_expiration_date_time=FIRST_MOMENT,
            certificate_issuance_date_time=FIRST_MOMENT,
        )
        for n in range(105)
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = page_of(staff, f"{LIST}7/change/")
    assert "100+ others" in page
    [counted] = [q["sql"] for q in queries if "COUNT(*)" in q["sql"]]
    assert "LIMIT 101" in counted
    assert len(queries) <= 15


def test_others_are_found_by_an_index(staff):
    make_state(id="a", certificate_issuer_name="CN=x")
    with CaptureQueriesContext(connection) as queries:
        page_of(staff)
    counts = [q["sql"] for q in queries if "COUNT(*)" in q["sql"]]
    assert len(counts) == 3
    with connection.cursor() as cursor:
        # Of an almost empty table any index would do.
        copy_rows(State, make_rows(2000, seed=1, now=timezone.now()))
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, index in zip(counts, ("device", "user", "issuer"), strict=True):
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert f"certstates_{index}_order" in plan
            assert "Index Cond" in plan


@pytest.mark.parametrize("name", ["", " ", "x" * 256, None])
def test_names_that_the_list_cannot_look_for_have_no_link(staff, name):
    make_state(id="a", managed_device_display_name=name, user_principal_name=name)
    make_state(id="b", managed_device_display_name=name, user_principal_name=name)
    assert 'class="related"' not in page_of(staff)


def test_what_can_be_copied_waits_hidden_for_the_script(staff):
    make_state(id="a", certificate_thumbprint='9F"<', certificate_serial_number="")
    buttons = re.findall(r'<button[^>]*class="copy"[^>]*>', page_of(staff))
    assert all(" hidden>" in button for button in buttons)
    labels = re.findall(r'data-label="([^"]+)"', "".join(buttons))
    assert labels == ["the address", "the JSON", "the id", "the thumbprint"]
    assert 'data-text="9F&quot;&lt;"' in buttons[3]


@pytest.mark.parametrize("who", ["staff", "viewer"])
def test_stored_markup_is_shown_as_text_everywhere(who, request):
    client = request.getfixturevalue(who)
    make_state(id="a", **dict.fromkeys(TEXTS, MARKUP))
    make_state(id="b", **dict.fromkeys(TEXTS, MARKUP))
    for url in (URL, LIST, f"{LIST}?q=x"):
        page = page_of(client, url)
        assert "<script>alert" not in page
        assert "<u>" not in page


def test_stored_markup_is_text_in_messages_too(staff):
    make_state(id="a")
    values = {**form_of(staff, URL), "managed_device_display_name": MARKUP}
    page = staff.post(URL, values, follow=True).content.decode()
    assert "was changed successfully" in page
    assert "<script>alert" not in page


def test_forged_fields_change_nothing(staff):
    make_state(id="a")
    before = State.objects.values().get()
    forged = {
        "id": "b",
        "created_at": "2000-01-01",
        "created_at_0": "2000-01-01",
        "updated_at": "2000-01-01",
        "version": "1",
        "pk": "b",
        "etag": "x",
        "recorded": "x",
        "unknown": "x",
        "_state": "x",
    }
    assert staff.post(URL, {**form_of(staff, URL), **forged}).status_code == 302
    assert State.objects.values().get() == before


def test_a_forged_wish_to_save_as_new_is_refused(staff):
    make_state(id="a")
    before = State.objects.values().get()
    values = {**form_of(staff, URL), "_saveasnew": "1", "id": "b"}
    assert staff.post(URL, values).status_code == 403
    assert State.objects.values().get() == before


def test_a_viewer_changes_adds_and_deletes_nothing(staff, viewer):
    make_state(id="a")
    before = State.objects.values().get()
    values = {**form_of(staff, URL), "managed_device_display_name": "FORGED"}
    for url in (URL, f"{LIST}add/", f"{LIST}a/delete/"):
        assert viewer.post(url, {**values, "post": "yes"}).status_code == 403
    assert viewer.post(f"{LIST}none/change/", values).status_code == 403
    assert State.objects.values().get() == before


def test_a_stranger_is_asked_to_sign_in(client):
    make_state(id="a")
    response = client.post(URL, {"managed_device_display_name": "x"}, secure=True)
    assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    "query",
    [
        "certificate_expiration_date_time=x",
        "certificate_key_usages=x",
        "id=taken&reason=x",
    ],
)
def test_no_address_fills_in_a_new_records_form(staff, query):
    values = form_of(staff, f"{LIST}add/?{query}")
    assert values["certificate_key_usages"] == values["reason"] == ""
    assert values["id"] != "taken"


def test_a_record_that_never_was_leads_back(staff):
    assert staff.get(f"{LIST}none/change/").status_code == 302
    values = {"managed_device_display_name": "x"}
    assert staff.post(f"{LIST}none/change/", values).status_code == 302
    assert (
        staff.post(f"{LIST}a%00b/change/", {**values, "seen": "x"}).status_code == 302
    )


@pytest.mark.django_db(transaction=True)
def test_only_what_was_changed_is_written_and_the_reason_is_kept(staff):
    make_state(id="a")
    values = form_of(staff, URL)
    values |= {"certificate_key_usages": "4", "reason": "  asked <by> Ana "}
    with CaptureQueriesContext(connection) as queries:
        assert staff.post(URL, values).status_code == 302
    [update] = [q["sql"] for q in queries if 'UPDATE "certstates_managed' in q["sql"]]
    written = re.findall(r'"(\w+)" = ', update.partition("WHERE")[0])
    assert written == ["certificate_key_usages", "updated_at"]
    event = StateEvent.objects.latest("pgh_id")
    assert (event.who, event.reason) == ("admin", "asked <by> Ana")


def test_an_overlong_reason_is_refused_and_nothing_is_saved(staff):
    make_state(id="a")
    values = {**form_of(staff, URL), "reason": "x" * 501, "certificate_key_usages": "4"}
    response = staff.post(URL, values)
    assert [*response.context["adminform"].form.errors] == ["reason"]
    assert State.objects.get().certificate_key_usages is None
