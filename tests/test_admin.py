"""Staff: records listed, searched, filtered, added, edited and deleted."""

import datetime as dt
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"


def ids_shown(response):
    return {record.id for record in response.context["cl"].result_list}


class FormReader(HTMLParser):
    """Collects what a browser would send back from the record's form, untouched."""

    def __init__(self, page):
        super().__init__()
        self.values, self.select, self.textarea = {}, None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, value = attrs.get("name"), attrs.get("value") or ""
        if tag == "input" and attrs["type"] in ("text", "number"):  # joins lines
            self.values[name] = value.replace("\r", "").replace("\n", "")
        elif tag == "input" and attrs["type"] == "hidden":
            self.values[name] = "\r\n".join(value.splitlines())
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in attrs:
            self.values[self.select] = value
        elif tag == "textarea":
            self.textarea = name
            self.values[name] = ""

    def handle_data(self, data):
        if self.textarea:
            self.values[self.textarea] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            lines = self.values[self.textarea].splitlines()
            self.values[self.textarea] = "\r\n".join(lines[1:])  # Django adds one
            self.textarea = None


def form_of(staff, url):
    values = FormReader(staff.get(url).content.decode()).values
    assert "certificate_subject_name" in values
    return values


def test_a_record_is_listed_edited_and_the_edit_is_stored(staff):
    record = make_state(id="a", managed_device_display_name="LAPTOP-<b>")
    response = staff.get(LIST)
    assert b"LAPTOP-&lt;b&gt;" in response.content

    url = f"{LIST}a/change/"
    values = form_of(staff, url)
    response = staff.post(url, {**values, "managed_device_display_name": "NEW"})
    assert response.status_code == 302, response.context["errors"]
    changed = State.objects.get()
    assert changed.managed_device_display_name == "NEW"
    for name in ("user_principal_name", "certificate_expiration_date_time"):
        assert getattr(changed, name) == getattr(record, name)


def test_saving_an_untouched_form_changes_nothing(staff):
    moment = dt.datetime(2027, 1, 5, 10, 0, 0, 123456, tzinfo=dt.UTC)
    make_state(
        id="a",
        certificate_expiration_date_time=moment,
        user_principal_name="",
        managed_device_display_name="  spaced ",
        certificate_thumbprint=None,
        certificate_subject_name="line 1\r\nline 2\ttab",
        certificate_issuer_name="line 1\nline 2 <b>&amp;",
    )
    before = State.objects.values().get()
    url = f"{LIST}a/change/"
    assert staff.post(url, form_of(staff, url)).status_code == 302
    assert State.objects.values().get() == before


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_can_be_shown_and_kept(staff, year):
    moment = dt.datetime(year, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    make_state(id="a", certificate_expiration_date_time=moment)
    assert staff.get(LIST).status_code == 200
    url = f"{LIST}a/change/"
    response = staff.post(url, {**form_of(staff, url), "certificate_key_usages": "4"})
    assert response.status_code == 302
    record = State.objects.get()
    assert record.certificate_expiration_date_time == moment
    assert record.certificate_key_usages == 4


def test_a_change_of_status_is_dated(staff):
    before = timezone.now()
    make_state(id="a")
    url = f"{LIST}a/change/"
    staff.post(url, {**form_of(staff, url), "certificate_revoke_status": "3"})
    record = State.objects.get()
    assert record.certificate_revoke_status == 3
    assert record.certificate_revoke_status_last_change_date_time >= before


def test_a_change_of_status_that_brings_its_date_keeps_it(staff):
    make_state(id="a")
    url = f"{LIST}a/change/"
    name = "certificate_revoke_status_last_change_date_time"
    values = {"certificate_revoke_status": "3", f"{name}_0": "2020-02-29"}
    staff.post(url, {**form_of(staff, url), **values})
    changed = State.objects.get().certificate_revoke_status_last_change_date_time
    assert changed == dt.datetime(2020, 2, 29, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize("id", ["a'b", "x y%z?#&+", "Ü-末", "a_2Fb", '"<>', "a:b;c,d"])
def test_a_record_of_an_odd_id_can_be_opened_from_the_list(staff, id):
    make_state(id=id)
    [link] = re.findall(r'href="([^"]+/change/)', staff.get(LIST).content.decode())
    response = staff.get(unescape(link))
    assert response.context["original"].id == id


@pytest.mark.parametrize(
    "query",
    ["id__exact=%00", "certificate_thumbprint__iregex=(", "user_principal_name=x"],
)
def test_only_the_filters_that_are_shown_work_by_the_address(staff, query):
    assert staff.get(f"{LIST}?{query}").status_code == 400


@pytest.mark.parametrize("path", ["?q=%00", "?q=" + "x" * 7000, "a%00b/change/"])
def test_odd_searches_and_addresses_are_no_server_error(staff, path):
    assert staff.get(LIST + path).status_code in (200, 302)


def test_a_record_is_added_with_an_id_of_the_servers_or_of_ones_own(staff):
    values = form_of(staff, f"{LIST}add/")
    values |= {
        "certificate_expiration_date_time_0": "2027-01-05",
        "certificate_expiration_date_time_1": "10:00:00",
        "certificate_issuance_date_time_0": "2026-01-05",
        "certificate_issuance_date_time_1": "10:00:00",
    }
    assert staff.post(f"{LIST}add/", values).status_code == 302
    assert staff.post(f"{LIST}add/", {**values, "id": "mine"}).status_code == 302
    assert State.objects.count() == 2
    assert State.objects.filter(id="mine").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "a/b"),
        ("id", "taken"),
        ("id", ""),
        ("certificate_key_usages", "2147483648"),
        ("certificate_key_usages", "x"),
        ("certificate_revoke_status", "5"),
        ("certificate_thumbprint", "x" * 256),
        ("certificate_subject_name", "a\0b"),
        ("certificate_expiration_date_time_0", ""),
        ("certificate_expiration_date_time_0", "2027-02-30"),
    ],
)
def test_the_form_refuses_what_the_api_refuses(staff, name, value):
    make_state(id="taken")
    values = form_of(staff, f"{LIST}add/")
    for field in ("expiration", "issuance"):
        values[f"certificate_{field}_date_time_0"] = "2027-01-05"
        values[f"certificate_{field}_date_time_1"] = "10:00:00"
    response = staff.post(f"{LIST}add/", {**values, name: value})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert State.objects.count() == 1


def test_an_id_is_not_editable(staff):
    make_state(id="a")
    url = f"{LIST}a/change/"
    staff.post(url, {**form_of(staff, url), "id": "b"})
    assert State.objects.get().id == "a"


def test_a_record_is_deleted(staff):
    make_state(id="a")
    staff.post(f"{LIST}a/delete/", {"post": "yes"})
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("laptop-7", {"a"}),
        ("PTOP", {"a", "b"}),
        ("ana@", {"a"}),
        ("9f86", {"a"}),
        ("86d0", set()),
        ("5a00", {"b"}),
        ("id-b", set()),
        ("b", {"b"}),
        ("100%", set()),
    ],
)
def test_the_search_knows_names_thumbprints_serial_numbers_and_ids(staff, query, found):
    make_state(
        id="a",
        managed_device_display_name="LAPTOP-77",
        user_principal_name="ana@contoso.example",
        certificate_thumbprint="9F86D0",
    )
    make_state(
        id="b",
        managed_device_display_name="Laptop-88",
        user_principal_name="other@contoso.example",
        certificate_serial_number="5A00FF",
    )
    if query == "b":
        State.objects.filter(id="a").update(managed_device_display_name="x")
        State.objects.filter(id="a").update(user_principal_name="x")
    assert ids_shown(staff.get(LIST, {"q": query})) == found


@pytest.mark.parametrize(
    ("expiry", "found"),
    [
        ("expired", {"-1"}),
        ("7", {"3"}),
        ("30", {"3", "20"}),
        ("90", {"3", "20", "80"}),
    ],
)
def test_the_list_can_be_narrowed_to_what_expires(staff, expiry, found):
    for days in (-1, 3, 20, 80, 200):
        expires = timezone.now() + dt.timedelta(days=days)
        make_state(id=f"{days}", certificate_expiration_date_time=expires)
    assert ids_shown(staff.get(LIST, {"expiry": expiry})) == found


def test_the_list_can_be_narrowed_by_status(staff):
    make_state(id="a", certificate_revoke_status=3)
    make_state(id="b")
    response = staff.get(LIST, {"status": "failed"})
    assert ids_shown(response) == {"a"}


def test_what_expires_first_comes_first(staff):
    for year in (2030, 2020, 2025):
        moment = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
        make_state(id=f"{year}", certificate_expiration_date_time=moment)
    shown = [r.id for r in staff.get(LIST).context["cl"].result_list]
    assert shown == ["2020", "2025", "2030"]


def test_a_stranger_sees_a_login_page_only(client):
    make_state(id="a")
    for url in (LIST, f"{LIST}a/change/", "/admin/"):
        assert client.get(url, secure=True).status_code == 302
