"""Nobody meets a page, an answer or a button that is not meant for them.

The table of routes and people is ``tests/admin_routes.py``.
"""

import re
from copy import deepcopy
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from oauth2_provider.models import AccessToken, Application

from certstates.history import recorded
from certstates.models import (
    ClientCredentials,
    Door,
    GraphSource,
    SavedSearch,
    StateEvent,
)
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ
from tests.admin_routes import PEOPLE, ROWS, routes_of
from tests.make import HttpsClient, make_state, make_token
from tests.staff import GROUPS, browser_of, make_person

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"


@pytest.fixture
def browsers(db):
    """Return a browser for each of the people."""
    people = {name: browser_of(make_person(name, name)) for name in GROUPS}
    superuser = User.objects.create_superuser("superuser")
    return {
        "anonymous": HttpsClient(),
        "staff": browser_of(make_person("staff")),
        "superuser": browser_of(superuser),
        **people,
    }


@pytest.fixture
def objects(db):
    """Return what the rows' arguments stand for."""
    make_token(READ)
    with recorded(Door.COMMAND, who="tests") as batch:
        make_state(id="a")
    root = User.objects.create_superuser("root")
    person = make_person("person", "Viewer")
    private = {"owner": person, "query": "q=a"}
    return {
        "state": "a",
        "batch": batch,
        "event": StateEvent.objects.get().pk,
        "ticket": "unknown",
        "deleting": "delete_selected",
        "marking": "mark_failed",
        "inventing": "invented",
        "missing": "no-such-id",
        "state_type": ContentType.objects.get_for_model(State).pk,
        "certstates": "certstates",
        "auth": "auth",
        "oauth2_provider": "oauth2_provider",
        "private": SavedSearch.objects.create(name="private", **private).pk,
        "for_everyone": SavedSearch.objects.create(
            name="shared", for_everyone=True, **private
        ).pk,
        "source": GraphSource.objects.create(base_url="https://other.example/beta").pk,
        "person": person.pk,
        "root": root.pk,
        "group": Group.objects.get(name="Viewer").pk,
        "client": Application.objects.get().pk,
        "token": AccessToken.objects.get().pk,
        "confidential": ClientCredentials.register("mine", scope=READ)[0].pk,
    }


def test_the_table_knows_every_address_of_the_admin():
    assert {*routes_of(admin.site.get_urls())} == {row.route for row in ROWS}


def read(response):
    """Return the text of a page; a file is read to its end, which closes it."""
    if not response.streaming:
        return response.content.decode()
    b"".join(response.streaming_content)
    return ""


def ask(browser, row, url):
    """Send a row's request, and undo what it did."""
    cookies = deepcopy(browser.cookies)
    with transaction.atomic():
        send = browser.get if row.get else browser.post
        response = send(url, row.data)
        read(response)
        transaction.set_rollback(True)
    browser.cookies = cookies  # one of the rows logs out
    return response


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_gets_what_the_table_says(browsers, objects, name):
    got = {
        str(row): ask(browsers[name], row, row.url(objects)).status_code for row in ROWS
    }
    assert got == {str(row): row.statuses[name] for row in ROWS}


def test_no_two_rows_are_called_the_same():
    assert len({str(row) for row in ROWS}) == len(ROWS)


def test_strangers_are_led_to_the_login_page(objects):
    for row in ROWS:
        if row.statuses["anonymous"] == 302 and row.route != "logout":
            response = ask(HttpsClient(), row, row.url(objects))
            assert response.headers["Location"].startswith("/admin/login/"), row


def links_in(page, url):
    for link in re.findall(r'(?:href|action)="([^"]+)"', page):
        target = urlsplit(urljoin(url, unescape(link)))
        if target.path.startswith("/admin/") and not target.netloc:
            yield target._replace(fragment="").geturl()


@pytest.mark.parametrize("name", PEOPLE[1:])
def test_every_link_that_somebody_is_shown_is_open_to_them(browsers, objects, name):
    browser, links = browsers[name], {}
    for row in ROWS:
        if row.get and row.statuses[name] == 200:
            url = row.url(objects)
            page = read(browser.get(url, row.data))
            links |= {urlsplit(link).path: (link, url) for link in links_in(page, url)}
    assert links.pop("/admin/logout/")
    for link, shown_on in links.values():  # one for each path, as permissions are
        response = browser.get(link)
        assert response.status_code in (200, 302), (link, shown_on)
        read(response)


@pytest.mark.parametrize("name", PEOPLE[2:])
def test_every_action_that_somebody_is_offered_is_open_to_them(browsers, name):
    make_state(id="a")
    page = browsers[name].get(LIST).content.decode()
    select = re.search(r'<select name="action".*?</select>', page, re.DOTALL)
    actions = re.findall(r'value="([^"]+)"', select[0]) if select else []
    assert ("delete_selected" in actions) == (name not in ("Viewer", "Importer"))
    for action in actions:
        values = {"action": action, "_selected_action": "a"}
        response = browsers[name].post(LIST, values)
        assert response.status_code in (200, 302), action
        read(response)


def test_a_viewer_reads_a_form_without_fields_and_buttons(browsers):
    make_state(id="a")
    page = browsers["Viewer"].get(f"{LIST}a/change/").content.decode()
    form = re.search(r'<form[^>]*_form".*?</form>', page, re.DOTALL)[0]
    assert "LAPTOP-1" in form
    controls = re.findall(r"<(?:input|select|textarea)\b[^>]*>", form)
    assert [c for c in controls if "csrfmiddlewaretoken" not in c] == []
    assert "/delete/" not in page


def test_who_may_not_see_records_learns_nothing_of_them(browsers):
    def first_page():
        page = browsers["staff"].get("/admin/").content.decode()
        return re.sub(r'csrfmiddlewaretoken" value="\w+', "", page)

    before = first_page()
    for number in range(3):
        make_state(id=f"{number}")
    owner = User.objects.get(username="Editor")
    SavedSearch.objects.create(owner=owner, name="x", query="q=a", for_everyone=True)
    assert first_page() == before
