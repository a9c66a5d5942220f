"""Every page, in light, in dark and on a phone: nothing stands in anyone's way."""

from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.furniture import FURNISH, KNOWN, PASSWORD
from tests.e2e.staff import LIST, sign_in
from tests.e2e.watch import Watch

pytestmark = pytest.mark.browser

LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1360, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1360, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}
RECORD = f"{LIST}sample-01-expires-in-an-hour/"
USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
APPLICATIONS = "/admin/oauth2_provider/application/"
SEARCHES = "/admin/certstates/savedsearch/"
TOKENS = "/admin/oauth2_provider/accesstoken/"


def press(name):
    def act(page):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_load_state()

    return act


def fail_to_sign_in(page):
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".errornote")).to_be_visible()


def ask_to_delete_two(page):
    for box in page.locator("#result_list .action-select").all()[:2]:
        box.check()
    page.get_by_label("Action:").select_option(index=1)
    page.locator("[name=index]").click()
    expect(page.get_by_role("heading", name="Delete")).to_be_visible()


def open_calendar(page):
    page.locator(".date-icon").first.click()
    expect(page.locator(".calendarbox").first).to_be_visible()


def open_clock(page):
    page.locator(".clock-icon").first.click()
    expect(page.locator(".clockbox").first).to_be_visible()


class Visit(NamedTuple):
    """A page: who goes where, what is done there, and which refusals that brings."""

    name: str
    path: str
    act: object = None
    person: str = "admin"
    refusals: frozenset = frozenset()


VISITS = [
    Visit("landing", "/", person="stranger"),
    Visit("docs", "/docs/", person="stranger"),
    Visit("login", "/admin/login/", person="stranger"),
    Visit("login refused", "/admin/login/", fail_to_sign_in, person="stranger"),
    Visit("dashboard", "/admin/"),
    Visit("app index", "/admin/certstates/"),
    Visit("list", LIST),
    Visit("list, nothing found", f"{LIST}?q=nothing-is-called-so"),
    Visit("list, ignored filter", f"{LIST}?e=1"),
    Visit("add", f"{LIST}add/"),
    Visit("add refused", f"{LIST}add/", press("Save")),
    Visit("change", f"{RECORD}change/"),
    Visit("calendar", f"{RECORD}change/", open_calendar),
    Visit("clock", f"{RECORD}change/", open_clock),
    Visit("saved", f"{RECORD}change/", press("Save and continue editing")),
    Visit("read-only", f"{RECORD}change/", person="viewer"),
    Visit("read-only list", LIST, person="viewer"),
    Visit("delete", f"{RECORD}delete/"),
    Visit("delete some", LIST, ask_to_delete_two),
    Visit("history", f"{RECORD}history/"),
    Visit("users", USERS),
    Visit("user", f"{USERS}{KNOWN}/change/"),
    Visit("add user", f"{USERS}add/"),
    Visit("add user refused", f"{USERS}add/", press("Save")),
    Visit("password of a user", f"{USERS}{KNOWN}/password/"),
    Visit("delete user", f"{USERS}{KNOWN}/delete/"),
    Visit("groups", GROUPS),
    Visit("group", f"{GROUPS}{KNOWN}/change/"),
    Visit("applications", APPLICATIONS),
    Visit("application", f"{APPLICATIONS}{KNOWN}/change/"),
    Visit("tokens", TOKENS),
    Visit("token", f"{TOKENS}{KNOWN}/change/"),
    Visit("saved searches", SEARCHES),
    Visit("save a search", f"{SEARCHES}add/"),
    Visit("empty list of tokens", f"{TOKENS}?q=nobody"),
    Visit("password", "/admin/password_change/"),
    Visit("password refused", "/admin/password_change/", press("Change my password")),
    Visit("forbidden", USERS, person="newcomer", refusals=frozenset({403})),
]


@pytest.fixture(scope="module")
def people(browser, newcomer, desk):
    """Return the cookies of everybody, who signed in once."""
    code, out, err = newcomer[0].run("shell", "-c", FURNISH)
    assert code == 0, out + err
    passwords = {"admin": desk[1], "viewer": PASSWORD, "newcomer": PASSWORD}
    cookies = {"stranger": None}
    for name, password in passwords.items():
        context = browser.new_context(base_url=desk[0])
        sign_in(context.new_page(), password, name=name)
        cookies[name] = context.storage_state()
        context.close()
    return cookies


@pytest.fixture(scope="module")
def rooms(browser, desk, people):
    """Return a function that opens a page for a person, once for each look."""
    opened = {}

    def room(person, look):
        if (person, look) not in opened:
            context = browser.new_context(
                base_url=desk[0], storage_state=people[person], **LOOKS[look]
            )
            watch = Watch(context, origin=desk[0])
            opened[person, look] = context.new_page(), watch
        return opened[person, look]

    yield room
    for page, _ in opened.values():
        page.context.close()


def look_at(page, watch):
    """Return all that is wrong with the page as it stands."""
    watch.see_width(page)
    found = violations(page)
    return [*watch.take(), *found]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_a_page_is_in_nobodys_way(rooms, visit, look):
    page, watch = rooms(visit.person, look)
    watch.refusals = visit.refusals
    page.goto(visit.path)
    if visit.act:
        visit.act(page)
    found = look_at(page, watch)
    assert not found, "\n".join(found)
