"""What the admin's list can be narrowed to, by links, by forms and by the address."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import timezone

from certstates.admin.states import CertificateStateAdmin
from certstates.dashboard import CertstatesAdminSite
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import issuers
from tests.make import HttpsClient, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
DAY = dt.timedelta(days=1)


def found(staff, **query):
    response = staff.get(LIST, query)
    assert response.status_code == 200, response.headers
    return {record.id for record in response.context["cl"].result_list}


MOMENTS = {
    "past": "2027-02-28T23:59:59.999999",
    "first": "2027-03-01",
    "last": "2027-03-31T23:59:59.999999",
    "after": "2027-04-01",
    "leap": "2028-02-29T12:00",
    "end": "9999-12-31T23:59:59.999999",
    "unknown": "0001-01-01",
}


@pytest.mark.parametrize(
    ("month", "ids"),
    [
        ("2027-03", {"first", "last"}),
        ("2027-02", {"past"}),
        ("2027-04", {"after"}),
        ("2028-02", {"leap"}),
        ("9999-12", {"end"}),
        ("0001-01", {"unknown"}),
        ("2030-01", set()),
    ],
)
def test_a_month_of_expiry_is_the_whole_month(staff, month, ids):
    for id, text in MOMENTS.items():
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        make_state(id=id, certificate_expiration_date_time=moment)
    assert found(staff, expiry=month) == ids


@pytest.mark.parametrize(
    ("status", "ids"),
    [
        ("none", {"0"}),
        ("pending", {"1"}),
        ("issued", {"2"}),
        ("failed", {"3"}),
        ("revoked", {"4"}),
    ],
)
def test_a_status_is_called_by_its_name_on_the_wire(staff, status, ids):
    for number in range(5):
        make_state(id=f"{number}", certificate_revoke_status=number)
    assert found(staff, status=status) == ids


@pytest.mark.parametrize(
    ("days", "ids"), [("1", {"2", "8", "40", "100"}), ("7", {"8", "40", "100"}),
                      ("30", {"40", "100"}), ("90", {"100"})]
)  # fmt: skip
def test_open_revocations_are_found_by_how_long_they_wait(staff, days, ids):
    for number, age in enumerate((0, 2, 8, 40, 100)):
        make_state(
            id=f"{age}",
            certificate_revoke_status=1 + number % 3,
            certificate_revoke_status_last_change_date_time=timezone.now() - age * DAY,
        )
    for status in (0, 4):
        make_state(id=f"closed {status}", certificate_revoke_status=status)
    assert found(staff, open=days) == ids


ISSUERS = ["CN=Contoso CA", "CN=contoso ca 2", "O=Contoso", "Ö <b>&", None, "", "CN=B"]


@pytest.fixture
def issued():
    for number, name in enumerate(ISSUERS):
        for copy in "xy":
            make_state(id=f"{number}{copy}", certificate_issuer_name=name)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("CN=Contoso CA", {"0x", "0y"}),
        ("cn=CONTOSO CA", {"0x", "0y"}),
        ("CN=Contoso", set()),
        ("Ö <b>&", {"3x", "3y"}),
        ("%", set()),
        ("", {f"{n}{copy}" for n in range(7) for copy in "xy"}),
    ],
)
def test_an_issuer_is_found_by_its_whole_name(staff, issued, name, ids):
    assert found(staff, issuer=name) == ids


@pytest.mark.parametrize(
    ("beginning", "names"),
    [
        ("", ["CN=B", "CN=Contoso CA", "CN=contoso ca 2", "O=Contoso", "Ö <b>&"]),
        ("cn=c", ["CN=Contoso CA", "CN=contoso ca 2"]),
        ("Conto", ["CN=Contoso CA", "CN=contoso ca 2"]),
        ("o=", ["O=Contoso"]),
        ("ö", ["Ö <b>&"]),
        ("_", []),
        ("CN=Contoso CA 23", []),
        ("x" * 300, []),
    ],
)
def test_issuers_are_suggested_by_their_beginning(staff, issued, beginning, names):
    response = staff.get(f"{LIST}issuers/", {"q": beginning})
    assert response.json() == {"issuers": names}


def test_of_many_issuers_some_are_suggested(issued):
    for number in range(30):
        make_state(certificate_issuer_name=f"CN=A{number:02}")
    assert issuers("") == [f"CN=A{number:02}" for number in range(20)]
    assert issuers("a2", limit=5) == [f"CN=A2{number}" for number in range(5)]


def test_issuers_are_told_to_those_only_who_may_see_records(staff, client, issued):
    url = f"{LIST}issuers/?q=c"
    assert client.get(url, secure=True).status_code == 302
    other = HttpsClient()
    other.force_login(User.objects.create_user("other", is_staff=True))
    assert other.get(url).status_code == 403
    assert other.get(LIST).status_code == 403


def test_the_filter_suggests_issuers_without_a_script(staff, issued):
    page = staff.get(LIST).content.decode()
    assert '<option value="CN=Contoso CA"></option>' in page
    assert '<option value="Ö &lt;b&gt;&amp;"></option>' in page


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("expiry", "x", "The filter by expiry does not know “x”."),
        ("expiry", "8", "It takes expired, 7, 30, 90, or a month such as 2027-01."),
        ("expiry", "2027-13", "does not know"),
        ("expiry", "2027-1", "does not know"),
        ("expiry", "0000-01", "does not know"),
        ("expiry", "\u0662\u0660\u0662\u0667-01", "does not know"),
        ("status", "5", "It takes none, pending, issued, failed, revoked."),
        ("status", "FAILED", "does not know"),
        ("open", "0", "It takes 1, 7, 30 or 90 days."),
        ("open", "-1", "does not know"),
        ("issuer", "a\0b", "without NUL"),
        ("issuer", "x" * 5000, "does not know"),
    ],
)
def test_a_wrong_value_is_named_and_left_out(staff, name, value, words):
    make_state(id="a")
    response = staff.get(LIST, {name: value, "q": "LAPTOP"}, follow=True)
    assert response.request["QUERY_STRING"] == "q=LAPTOP"
    [message] = response.context["messages"]
    assert words in str(message)
    assert {record.id for record in response.context["cl"].result_list} == {"a"}


def test_several_wrong_values_are_named_one_after_the_other(staff):
    query = {"expiry": "x", "status": "x", "open": "x", "o": "x", "at": "x"}
    response = staff.get(LIST, query, follow=True)
    assert len(response.redirect_chain) == 5
    assert len(list(response.context["messages"])) == 5


@pytest.mark.parametrize(
    "query",
    ["id=a", "certificate_revoke_status__exact=3", "certificate_issuer_name=x", "a=b"],
)
def test_nothing_else_can_be_asked_by_the_address(staff, query):
    assert staff.get(f"{LIST}?{query}").status_code == 400


def test_filters_search_and_order_go_together_and_are_kept_by_each_form(staff):
    make_state(id="a", certificate_revoke_status=3, certificate_issuer_name="CN=A")
    make_state(id="b", certificate_revoke_status=3, certificate_issuer_name="CN=B")
    query = {"status": "failed", "issuer": "CN=A", "q": "LAPTOP", "o": "-2"}
    assert found(staff, **query) == {"a"}
    page = staff.get(LIST, query).content.decode()
    assert page.count('type="hidden" name="status" value="failed"') == 3
    assert 'aria-current="true">Revocation failed' in page
    assert 'href="?issuer=CN%3DA&amp;o=-2&amp;q=LAPTOP"' in page


def test_what_an_address_means_can_be_had_as_a_whole(admin_user):
    for number in range(120):
        make_state(id=f"{number:03}", certificate_revoke_status=number % 2)
    admin = CertificateStateAdmin(State, CertstatesAdminSite())
    request = RequestFactory().get(LIST, {"status": "pending", "q": "lap", "o": "-1"})
    request.user = admin_user
    records = admin.matching(request)
    assert records.count() == 60
    assert records.update(certificate_revoke_status=2) == 60
