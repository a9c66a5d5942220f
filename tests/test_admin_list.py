"""The admin's list: what a row says, how it is sorted, and how one pages through it."""

import datetime as dt
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certstates.admin.words import from_now
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from tests.make import HttpsClient, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
SHA1 = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B"


def shown(response):
    """Return the ids on a page, in their order."""
    assert response.status_code == 200, response.headers
    return [record.id for record in response.context["cl"].result_list]


def page_of(staff, **query):
    return unescape(staff.get(LIST, query).content.decode())


def test_a_row_says_which_device_which_state_and_until_when(staff):
    expires = timezone.now() + dt.timedelta(days=12, hours=1)
    make_state(
        id="a",
        certificate_revoke_status=3,
        certificate_expiration_date_time=expires,
        certificate_issuer_name="CN=Example Issuing CA",
        certificate_subject_name="CN=<b>LAPTOP-1</b>",
        certificate_serial_number="5A00",
        certificate_thumbprint=SHA1,
    )
    page = staff.get(LIST).content.decode()
    assert f'href="{LIST}a/change/"' in page
    assert "ana@contoso.example" in page
    assert re.search("badge-alarm.*<svg.*Revocation failed", page)
    assert f'datetime="{expires.isoformat()}" tabindex="0">in 12 days' in page
    assert f"{expires:%Y-%m-%d %H:%M:%S}" in page
    assert "CN=Example Issuing CA" in page
    assert "CN=&lt;b&gt;LAPTOP-1&lt;/b&gt;" in page
    assert "5A00" in page
    assert "suspicious" not in page


DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (12 * DAY, "in 12 days"),
        (-3 * DAY, "3 days ago"),
        (5 * HOUR, "in 5 hours"),
        (-47 * HOUR, "47 hours ago"),
        (90 * HOUR / 60, "in 90 minutes"),
        (HOUR / 60, "in 1 minute"),
        (-HOUR / 120, "just now"),
        (89 * DAY, "in 89 days"),
        (100 * DAY, "in 3 months"),
        (800 * DAY, "in 2 years"),
        (-400 * DAY, "13 months ago"),
        (40_000 * DAY, "in the far future"),
        (-700_000 * DAY, "long ago"),
    ],
)
def test_a_moment_is_told_by_its_distance(away, words):
    now = timezone.now()
    assert from_now(now + away, now) == words


def test_an_expiry_in_the_past_is_told_as_one(staff):
    make_state(certificate_expiration_date_time=timezone.now() - 3 * DAY)
    assert "expired 3 days ago" in page_of(staff)


@pytest.mark.parametrize("status", RevocationStatus)
def test_each_status_is_told_by_words_and_by_a_shape(staff, status):
    make_state(certificate_revoke_status=status)
    page = page_of(staff)
    [badge] = re.findall(r'<span class="badge.*?</svg>.*?</span>', page)
    assert f"badge-{status.tone}" in badge
    assert status.meaning in badge
    assert badge.endswith(f"</svg>{status.label}</span>")


def test_statuses_of_another_tone_have_another_shape(staff):
    for status in RevocationStatus:
        make_state(certificate_revoke_status=status)
    shapes = re.findall(r'badge-(\w+)".*?<path.*?d="(.*?)"', page_of(staff))
    assert len({*shapes}) == len({shape for _, shape in shapes}) == 4


FAR = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"certificate_issuance_date_time": FAR}, "expires before it is issued"),
        ({"certificate_issuance_date_time": LONG_AGO}, "issue is in the year 1,"),
        ({"certificate_expiration_date_time": FAR}, "expiry is in the year 9999,"),
        ({"certificate_thumbprint": "ABC"}, "has 3 digits"),
        ({"certificate_thumbprint": "XY" * 20}, "other characters"),
    ],
)
def test_what_is_legal_and_odd_bears_a_sign_that_says_why(staff, values, words):
    record = make_state(**values)
    assert any(words in sentence for sentence in record.suspicions)
    assert re.search(f'class="tip suspicious" tabindex="0">.*{words}', page_of(staff))


@pytest.mark.parametrize(
    "thumbprint", [None, "", SHA1, SHA1.lower(), ":".join([SHA1]), "AB:" * 31 + "AB"]
)
def test_what_is_as_it_should_be_bears_none(thumbprint):
    assert make_state(certificate_thumbprint=thumbprint).suspicions == []


# --- Sorting ------------------------------------------------------------------------

ROWS = {
    "a": (None, "b", 4, 2027, "I2", None, "2"),
    "b": ("Äb", None, 0, 2029, "i1", "c", None),
    "c": ("ab", "A", 1, 2028, None, "B", "1"),
    "d": ("AA", "c", 0, 2026, "I1", "a", "10"),
}
NAMES = (
    "managed_device_display_name",
    "user_principal_name",
    "certificate_revoke_status",
    "certificate_expiration_date_time",
    "certificate_issuer_name",
    "certificate_subject_name",
    "certificate_serial_number",
)


@pytest.fixture
def four_rows():
    for id, row in ROWS.items():
        values = dict(zip(NAMES, row, strict=True))
        values[NAMES[3]] = dt.datetime(row[3], 1, 1, tzinfo=dt.UTC)
        make_state(id=id, **values)


ORDERS = [
    ("1", "adcb"),
    ("2", "bcad"),
    ("3", "bdca"),
    ("4", "dacb"),
    ("5", "cdba"),
    ("6", "adcb"),
    ("7", "bcda"),
]


@pytest.mark.parametrize(("order", "ids"), ORDERS)
def test_each_column_sorts_up_and_down(staff, four_rows, order, ids):
    assert shown(staff.get(LIST, {"o": order})) == [*ids]
    assert shown(staff.get(LIST, {"o": f"-{order}"})) == [*ids[::-1]]


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(("order", "ids"), ORDERS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_in_any_order_meet_without_gap_and_overlap(
    staff, four_rows, monkeypatch, size, order, ids, sign
):
    monkeypatch.setattr("certstates.admin.listing.ListAdmin.list_per_page", size)
    ids = [*ids] if not sign else [*ids[::-1]]
    response = staff.get(LIST, {"o": sign + order})
    found = shown(response)
    while url := link(response, "Next"):
        response = staff.get(LIST + url)
        found += shown(response)
    assert found == ids

    response = staff.get(LIST, {"o": sign + order, "at": "last"})
    found = shown(response)
    assert found == ids[-size:]
    while url := link(response, "Previous"):
        response = staff.get(LIST + url)
        found = [id for id in shown(response) if id not in found] + found
    assert found == ids


def test_the_header_of_the_sorted_column_says_so_and_turns_it(staff):
    make_state()
    page = page_of(staff, o="-1")
    [header] = re.findall(r'<th scope="col" class="[^"]*sorted".*?</th>', page)
    assert 'aria-sort="descending"' in header
    assert 'href="?o=1"' in header
    assert 'href="?o=-1"' in page_of(staff, o="1")


# --- Pages --------------------------------------------------------------------------


def link(response, text):
    return {way["text"]: way["url"] for way in response.context["cl"].pager}[text]


@pytest.fixture
def hundred_and_twenty():
    first = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for n in range(120):  # many of them at the same moment
        moment = first + dt.timedelta(days=n // 30)
        make_state(id=f"{n:03}", certificate_expiration_date_time=moment)


def test_pages_lead_to_the_first_previous_next_and_last(staff, hundred_and_twenty):
    ids = [f"{n:03}" for n in range(120)]
    first = staff.get(LIST)
    assert shown(first) == ids[:50]
    assert "1\u201350 of 120" in first.content.decode()
    assert [link(first, text) for text in ("First", "Previous")] == [None, None]

    second = staff.get(LIST + link(first, "Next"))
    assert shown(second) == ids[50:100]
    assert "51\u2013100 of 120" in second.content.decode()
    assert shown(staff.get(LIST + link(second, "Previous"))) == ids[:50]
    assert shown(staff.get(LIST + link(second, "First"))) == ids[:50]

    third = staff.get(LIST + link(second, "Next"))
    assert shown(third) == ids[100:]
    assert [link(third, text) for text in ("Next", "Last")] == [None, None]

    last = staff.get(LIST + link(first, "Last"))
    assert shown(last) == ids[70:]
    assert "71\u2013120 of 120" in last.content.decode()
    before = staff.get(LIST + link(last, "Previous"))
    assert shown(before) == ids[20:70]
    assert shown(staff.get(LIST + link(before, "Previous"))) == ids[:50]


def test_records_that_come_and_go_move_no_other_from_its_page(
    staff, hundred_and_twenty
):
    url = link(staff.get(LIST), "Next")
    State.objects.filter(id__in=["000", "049", "050"]).delete()
    make_state(
        id="new",
        certificate_expiration_date_time=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    )
    assert shown(staff.get(LIST + url))[0] == "051"


@pytest.mark.parametrize("query", ["", "?status=none"])
def test_a_page_whose_records_are_gone_leads_to_the_first(
    staff, hundred_and_twenty, query
):
    url = link(staff.get(LIST + link(staff.get(LIST + query), "Next")), "Next")
    State.objects.filter(id__gte="100").delete()
    response = staff.get(LIST + url)
    assert shown(response) == []
    assert "Go to the first page" in response.content.decode()


@pytest.mark.parametrize("at", ["x", "W10:x", "lastly", "%00"])
def test_an_invented_page_leads_to_the_first_with_a_word(staff, at):
    make_state(id="a")
    response = staff.get(f"{LIST}?at={at}&status=none", follow=True)
    assert response.request["QUERY_STRING"] == "status=none"
    assert shown(response) == ["a"]
    assert "named a page that is not one of this list" in response.content.decode()


def test_a_page_of_another_order_leads_to_the_first(staff, hundred_and_twenty):
    url = link(staff.get(LIST), "Next")
    response = staff.get(f"{LIST}{url}&o=1", follow=True)
    assert "another order" in response.content.decode()


@pytest.mark.parametrize("order", ["99", "x", "0", "-", "1x", "²"])
def test_an_invented_column_leads_back_to_the_usual_order(staff, order):
    make_state(id="a")
    response = staff.get(LIST, {"o": order, "q": "LAPTOP"}, follow=True)
    assert response.request["QUERY_STRING"] == "q=LAPTOP"
    assert "There is no column" in response.content.decode()


# --- Actions and costs ----------------------------------------------------------------


def test_all_matching_records_can_be_selected_not_only_this_page(
    staff, hundred_and_twenty
):
    response = staff.get(LIST, {"expiry": "2026-01"})
    page = response.content.decode()
    assert "Select all matching records (120)" in page
    State.objects.filter(id__lt="060").update(certificate_revoke_status=3)
    values = {
        "action": "delete_selected",
        "select_across": "1",
        "_selected_action": ["060"],
        "index": "0",
    }
    asked = staff.post(f"{LIST}?status=none&o=-1", values, follow=True)
    assert "Delete: 60 records" in asked.content.decode()


def test_an_empty_list_says_what_to_do(staff):
    assert "There is no record yet" in page_of(staff)
    make_state()
    page = page_of(staff, status="failed", q="nobody", o="2")
    assert "No record fits" in page
    assert "Revocation: <b>Revocation failed</b>" in page
    assert "Search: <b>nobody</b>" in page
    assert 'href="?o=2"' in page


QUERIES = 10


@pytest.mark.parametrize(
    "query", [{}, {"q": "LAPTOP"}, {"status": "none", "o": "1"}, {"issuer": "CN=X"}]
)
def test_the_list_costs_as_many_queries_for_1_and_100_records(staff, query):
    costs = []
    for count in (1, 99):
        for _ in range(count):
            make_state()
        staff.get(LIST, query)  # what is remembered per process is remembered now
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(LIST, query).status_code == 200
        costs.append(len(captured))
    assert costs[0] == costs[1] <= QUERIES


def test_who_may_only_view_sees_the_list_in_the_same_order(hundred_and_twenty):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(
        Permission.objects.get(codename="view_managedalldevicecertificatestate")
    )
    client = HttpsClient()
    client.force_login(viewer)
    response = client.get(LIST, {"o": "-4"})
    assert shown(response)[0] == "119"
    assert 'class="sortable column-expires sorted"' in response.content.decode()


def test_nothing_in_the_page_breaks_a_strict_content_security_policy(staff):
    make_state(certificate_issuer_name="x" * 100, certificate_thumbprint="x")
    page = page_of(staff)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\sstyle=|<style|\son\w+=", page)
