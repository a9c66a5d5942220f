"""Every page, in light, in dark and on a phone: nothing stands in anyone's way."""

from typing import NamedTuple

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from certstates.examples import CREATE
from tests.certificates import make_authority, make_certificate, pem
from tests.e2e.axe import violations
from tests.e2e.furniture import CLIENT, FURNISH, GONE, KNOWN, PASSWORD
from tests.e2e.staff import LIST, sign_in
from tests.e2e.watch import Watch

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 800}
LOOKS = [("light", DESK), ("dark", DESK), ("light", PHONE)]
RECORD = f"{LIST}sample-01-expires-in-an-hour/"
OTHER = f"{LIST}sample-02-expires-tomorrow/"
LOST = f"{LIST}sample-06-fresh/"
IMPORT = f"{LIST}import/"
HEADER = ",".join(["id", *(name for name in CREATE if not name.startswith("@"))])
VALUES = ",".join(f'"{CREATE[n]}"' for n in CREATE if not n.startswith("@"))
GOOD_ROWS = f"{HEADER}\nsample-03-expires-this-week,{VALUES}\n,{VALUES}\n"
BAD_ROWS = f"{HEADER}\n" + f"a/b,{VALUES}\n" * 3
USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
APPLICATIONS = "/admin/oauth2_provider/application/"
LOG = f"{LIST}history/"
SEARCHES = "/admin/certstates/savedsearch/"
SOURCES = "/admin/certstates/graphsource/"
TOKENS = "/admin/oauth2_provider/accesstoken/"
CERTIFICATES = pem(make_certificate(), make_authority()).decode()


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


def be_locked_out(page):
    """Be wrong once too often, for a name that nobody has."""
    for _ in range(6):
        page.get_by_label("Username").fill("nobody-has-this-name")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()


def register(page):
    page.get_by_label("Name").fill("Nightly export")
    press("Save")(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("The secret of")


def choose(action, *, rows=2):
    """Return what asks for an action on the first rows, or (0) on all that match."""

    def act(page):
        if rows:
            for box in page.locator("#result_list .action-select").all()[:rows]:
                box.check()
        else:
            page.get_by_role("checkbox", name="Select all").check()
        page.get_by_label("Action:").select_option(action)
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(action)

    return act


def upload(text, *, name="rows.csv"):
    def act(page):
        file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_label("File:").set_input_files(file)
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="preview")).to_be_visible()

    return act


def be_overtaken(page):
    """Have the same record saved from another window meanwhile."""
    other = page.context.new_page()
    other.goto(page.url)
    for one, value in ((other, "theirs"), (page, "mine")):
        one.get_by_label("Device:").fill(value)
        one.get_by_role("button", name="Save", exact=True).click()
    other.close()
    expect(page.get_by_role("alert")).to_be_visible()


def lose(page):
    """Have the record deleted from another window, and save it then."""
    other = page.context.new_page()
    other.goto(page.url.replace("/change/", "/delete/"))
    other.get_by_role("button", name="sure").click()
    other.close()
    page.get_by_label("Device:").fill("mine")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()


def follow(words):
    """Return what follows the first link of the content that has such words."""

    def act(page):
        page.locator("#content").get_by_role("link").filter(
            has_text=words
        ).first.click()
        page.wait_for_load_state()

    return act


def make_token(page):
    page.get_by_label("Application:").fill("Nightly import")
    press("Make the token")(page)
    expect(page.get_by_role("button", name="Copy the token")).to_be_visible()


def revoke_some(page):
    page.locator("#result_list .action-select").first.check()
    page.get_by_label("Action:").select_option("Revoke selected tokens")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke these tokens?")


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
    Visit(
        "login locked",
        "/admin/login/",
        be_locked_out,
        person="stranger",
        refusals=frozenset({429}),
    ),
    Visit("dashboard", "/admin/"),
    Visit("app index", "/admin/certstates/"),
    Visit("list", LIST),
    Visit("list, vanished", f"{LIST}?vanished=yes"),
    Visit("sources", SOURCES),
    Visit("source", f"{SOURCES}{KNOWN}/change/"),
    Visit("vanished", f"{LIST}{GONE}/change/"),
    Visit("list, nothing found", f"{LIST}?q=nothing-is-called-so"),
    Visit("list, ignored filter", f"{LIST}?q=laptop-010&expiry=never"),
    Visit("add", f"{LIST}add/"),
    Visit("add refused", f"{LIST}add/", press("Save")),
    Visit("change", f"{RECORD}change/"),
    Visit("calendar", f"{RECORD}change/", open_calendar),
    Visit("clock", f"{RECORD}change/", open_clock),
    Visit("saved", f"{RECORD}change/", press("Save and continue editing")),
    Visit("read-only", f"{RECORD}change/", person="viewer"),
    Visit("read-only list", f"{LIST}?q=laptop-010", person="viewer"),
    Visit("delete", f"{RECORD}delete/"),
    Visit("delete some", LIST, choose("Delete")),
    Visit("mark some", f"{LIST}?q=laptop-010", choose("Mark as “Revoked”", rows=4)),
    Visit("overtaken", f"{OTHER}change/", be_overtaken),
    Visit("lost", f"{LOST}change/", lose),
    Visit("not there", f"{LIST}nothing/change/"),
    Visit("popup", f"{GROUPS}add/?_popup=1"),
    Visit("import", IMPORT),
    Visit("import, new and changed", IMPORT, upload(GOOD_ROWS)),
    Visit("import with a warning", IMPORT, upload(CERTIFICATES, name="device.pem")),
    Visit("import refused", IMPORT, upload(BAD_ROWS)),
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
    Visit("client", f"{APPLICATIONS}{CLIENT}/change/"),
    Visit("delete client", f"{APPLICATIONS}{CLIENT}/delete/"),
    Visit("add client", f"{APPLICATIONS}add/"),
    Visit("add client refused", f"{APPLICATIONS}add/", press("Save")),
    Visit("secret", f"{APPLICATIONS}add/", register),
    Visit("new secret", f"{APPLICATIONS}{CLIENT}/new-secret/"),
    Visit(
        "secret renewed",
        f"{APPLICATIONS}{CLIENT}/new-secret/",
        press("Make a new secret"),
    ),
    Visit("tokens", TOKENS),
    Visit("token", f"{TOKENS}{KNOWN}/change/"),
    Visit("revoke token", f"{TOKENS}{KNOWN}/delete/"),
    Visit("revoke some", TOKENS, revoke_some),
    Visit("new token", f"{TOKENS}add/"),
    Visit("new token refused", f"{TOKENS}add/", press("Make the token")),
    Visit("token made", f"{TOKENS}add/", make_token),
    Visit("saved searches", SEARCHES),
    Visit("save a search", f"{SEARCHES}add/?query=expiry%3D30"),
    Visit("history of all", LOG),
    Visit("history of nothing", f"{LOG}?who=nobody-at-all"),
    Visit("history, bad date", f"{LOG}?start=yesterday"),
    Visit("changes of a request", LOG, follow("request")),
    Visit("revert", LOG, follow("Revert…")),
    Visit("empty list of tokens", f"{TOKENS}?q=nobody"),
    Visit("password", "/admin/password_change/"),
    Visit("password refused", "/admin/password_change/", press("Change my password")),
    Visit("sign out everywhere", "/admin/sign_out_everywhere/"),
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
    """Return a function that gives each person a page, and a watch over it."""
    opened = {}

    def room(person):
        if person not in opened:
            context = browser.new_context(
                base_url=desk[0], storage_state=people[person]
            )
            watch = Watch(context, origin=desk[0])
            opened[person] = context.new_page(), watch
        return opened[person]

    yield room
    for page, _ in opened.values():
        page.context.close()


def dress(page, scheme, size):
    """Show the page as it stands in another look."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    # Django's links change their colour slowly.
    page.evaluate("document.getAnimations().forEach(one => one.finish())")


def troubles(page, watch):
    """Return all that is wrong with the page as it stands, in every look."""
    found = []
    for scheme, size in LOOKS:
        dress(page, scheme, size)
        watch.see_width(page)
        wrong = [*watch.take(), *violations(page)]
        found += [f"{scheme}, {size['width']} pixels: {one}" for one in wrong]
    return found


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_a_page_is_in_nobodys_way(rooms, visit):
    page, watch = rooms(visit.person)
    watch.refusals = visit.refusals
    page.goto(visit.path)
    if visit.act:
        visit.act(page)
    found = troubles(page, watch)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_a_refusal_is_in_nobodys_way(rooms, name):
    page, watch = rooms("stranger")
    status = int(name[:3])
    watch.refusals = {status}
    answer = render_to_string(f"{name}.html")
    page.route(
        "**/refused/",
        lambda route: route.fulfill(
            status=status, body=answer, content_type="text/html; charset=utf-8"
        ),
    )
    page.goto("/refused/")
    found = troubles(page, watch)
    page.unroute("**/refused/")
    assert not found, "\n".join(found)
