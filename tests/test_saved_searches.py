"""A search of the list is kept under a name: for oneself, a group, or everyone."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from certstates.admin.searches import spoken
from certstates.models import SavedSearch
from certstates.models.searches import QUERY_LENGTH, kept_query
from tests.make import HttpsClient, make_state
from tests.searches import FAILED, LIST, SEARCHES, add_url, make_search, row_for
from tests.staff import browser_of, groups_of_the_migration, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def eve(db):
    return make_person("eve", "Editor")


@pytest.fixture
def vera(db):
    return make_person("vera", "Viewer")


def test_a_search_is_saved_from_the_list_and_opened_from_its_row(eve):
    make_state(id="a", managed_device_display_name="LAPTOP-77")
    make_state(id="b", managed_device_display_name="other")
    here = f"{LIST}?q=laptop"
    browser = browser_of(eve)
    page = browser.get(here).content.decode()
    [link] = re.findall(r'href="([^"]+)">Save this search', page)

    response = browser.get(unescape(link))
    assert response.status_code == 200
    assert "<q>laptop</q>" in response.content.decode()
    response = browser.post(unescape(link), {"name": "Laptops", "audience": "private"})
    assert response.headers["Location"] == f"{LIST}?q=laptop"

    search = SavedSearch.objects.get()
    assert (search.name, search.query, search.owner) == ("Laptops", "q=laptop", eve)
    assert not search.is_shared
    response = browser.get(f"{LIST}?q=laptop")
    assert [record.id for record in response.context["cl"].result_list] == ["a"]
    assert "The search “Laptops” is saved." in response.content.decode()

    row = row_for(eve, f"{LIST}?q=laptop")
    assert f'<a href="{LIST}?q=laptop" aria-current="page">Laptops</a>' in row
    assert "Save this search" not in row
    assert "aria-current" not in row_for(eve, f"{LIST}?q=lap")
    assert "aria-current" not in row_for(eve)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("", ""),
        ("p=2&e=1&all=&cursor=x", ""),
        ("q=&status=", ""),
        ("status=failed&q=a", "q=a&status=failed"),
        ("q=a&q=b", "q=b"),
        ("q=%3Cb%3E+%26%C3%BC", "q=%3Cb%3E+%26%C3%BC"),
        ("issuer=CN%3DX%2C+O%3DY&open=30&expiry=2027-01&o=-1.2",
         "expiry=2027-01&open=30&issuer=CN%3DX%2C+O%3DY&o=-1.2"),
        ("owner__password__startswith=a", ""),
    ],
)  # fmt: skip
def test_of_an_address_only_the_lists_own_words_are_kept(address, kept):
    assert kept_query(QueryDict(address)) == kept


@pytest.mark.parametrize("query", ["", "p=2", "id__in=1", "q="])
def test_there_must_be_something_to_save(eve, query):
    browser = browser_of(eve)
    for ask in (browser.get, browser.post):
        assert ask(add_url(query)).headers["Location"] == LIST
    assert "filter or sort the list first" in browser.get(LIST).content.decode()
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "a\0b"}, "Null characters"),
        ({"name": "taken"}, "of this name already"),
        ({"audience": ""}, "required"),
        ({"audience": "group:"}, "not one of the available"),
        ({"audience": "group:0"}, "not one of the available"),
        ({"query": "q=" + "x" * QUERY_LENGTH}, "too long"),
    ],
)
def test_a_form_that_cannot_be_saved_says_why(eve, values, error):
    make_search(eve, "taken")
    values = {"name": "new", "audience": "private", "query": "q=a", **values}
    response = browser_of(eve).post(add_url(values.pop("query")), values)
    assert response.status_code == 200
    assert error in response.content.decode()
    assert SavedSearch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_saved_at_once_under_one_name_the_second_is_told(eve):
    def save(browser):
        try:
            values = {"name": "twice", "audience": "private"}
            return browser.post(add_url(FAILED), values).status_code
        finally:
            connection.close()

    browsers = [browser_of(eve) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(save, browsers)) == [200, 200, 200, 302]
    assert SavedSearch.objects.count() == 1


def test_two_people_may_use_the_same_name(eve, vera):
    make_search(vera, "mine")
    values = {"name": "mine", "audience": "private"}
    assert browser_of(eve).post(add_url(FAILED), values).status_code == 302
    assert SavedSearch.objects.filter(name="mine").count() == 2


def test_a_form_of_another_site_saves_nothing(eve):
    browser = HttpsClient(enforce_csrf_checks=True)
    browser.force_login(eve)
    values = {"name": "new", "audience": "private"}
    assert browser.post(add_url(FAILED), values).status_code == 403
    assert not SavedSearch.objects.exists()


def test_an_account_goes_with_its_searches_which_nobody_reads(eve, vera):
    make_search(vera, "vera's secret")
    make_search(vera, "vera's other", for_everyone=True)
    browser = browser_of(make_person("adam", "Administrator"))
    url = f"/admin/auth/user/{vera.pk}/delete/"
    page = browser.get(url).content.decode()
    assert "vera" in page
    assert "secret" not in page
    assert browser.post(url, {"post": "yes"}).status_code == 302
    assert not SavedSearch.objects.exists()


MARKUP = '<b onclick="x">&amp;\'"</b>'


def test_markup_in_a_search_is_shown_as_text(eve):
    group = Group.objects.create(name=MARKUP)
    query = urlencode({"q": MARKUP, "issuer": MARKUP})
    search = make_search(eve, MARKUP, query, group=group)
    browser = browser_of(eve)
    urls = [SEARCHES, *(f"{SEARCHES}{search.pk}/{p}/" for p in ("change", "delete"))]
    pages = [browser.get(url).content.decode() for url in urls]
    for page in (*pages, row_for(eve), row_for(eve, f"{LIST}?{query}")):
        assert "<b " not in page
        assert "&lt;b onclick" in page
    link = re.search(r'href="([^"]+)" aria-current', row_for(eve, f"{LIST}?{query}"))
    assert parse_qs(urlsplit(unescape(link[1])).query)["q"] == [MARKUP]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=a", [("Search", "a")]),
        ("expiry=30&o=-1",
         [("Expiry", "Within 30 days"), ("Sorted by", "device, descending")]),
        ("expiry=2027-01&o=4", [("Expiry", "2027-01"), ("Sorted by", "expires")]),
        ("status=failed", [("Revocation", "Revocation failed")]),
        ("open=7", [("Open revocation", "For more than 7 days")]),
        ("issuer=CN%3DX&o=99", [("Issuer", "CN=X"), ("Sorted by", "99")]),
    ],
)  # fmt: skip
def test_what_a_search_shows_is_said_in_the_lists_words(query, said):
    assert spoken(query) == said


def test_whatever_a_row_holds_leads_to_the_list_and_to_nothing_else(eve):
    query = 'id__in=1&q="><script>&#top&cursor=9'
    search = make_search(eve, query=query)
    assert search.get_list_url() == f"{LIST}?q=%22%3E%3Cscript%3E"


@pytest.mark.parametrize("query", ["id__in=1", "p=2", "", "q="])
def test_the_model_refuses_what_no_list_made(eve, query):
    search = SavedSearch(owner=eve, name="x", query=query)
    with pytest.raises(ValidationError):
        search.full_clean()


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("certstates_search_name_once_an_owner", {}),
        ("certstates_search_one_audience", {"name": "b", "for_everyone": True}),
        ("certstates_search_not_empty", {"name": ""}),
        ("certstates_search_not_empty", {"name": "b", "query": ""}),
    ],
)
def test_the_database_holds_the_laws_by_name(eve, constraint, values):
    make_search(eve, "a")
    if "for_everyone" in values:
        values = {**values, "group": Group.objects.create(name="g")}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_search(eve, **{"name": "a", **values})


def test_a_row_costs_one_question_however_long_it_is(eve):
    groups = groups_of_the_migration()
    eve.has_perm("x")  # the permissions are read once a request anyhow
    costs = []
    for count in (1, 40):
        for number in range(count):
            make_search(eve, f"{count} {number}", group=groups["Editor"])
        with CaptureQueriesContext(connection) as asked:
            row = row_for(eve, f"{LIST}?q=a")
        costs.append(len(asked))
    assert costs == [1, 1]
    assert row.count("<li>") == 24 + 2
    assert "More, and manage" in row


def test_the_page_of_searches_costs_the_same_for_one_and_for_many(eve):
    browser = browser_of(eve)
    costs = []
    for count in (1, 20):
        for number in range(count):
            make_search(eve, f"{count} {number}", for_everyone=True)
        with CaptureQueriesContext(connection) as asked:
            browser.get(SEARCHES)
        costs.append(len(asked))
    assert costs[0] == costs[1]
