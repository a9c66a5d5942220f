"""Staff sign in at an identity provider, in a real browser and on a live server.

The provider is ``localhost`` and the server ``127.0.0.1``: to a browser, two sites.
"""

import copy

import pytest
from playwright.sync_api import expect

from tests.desk import desk_of_ones_own, free_port
from tests.e2e.axe import assert_accessible
from tests.e2e.staff import LIST
from tests.e2e.watch import Watch
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, identity_provider

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 800}
LOOKS = [("light", DESK), ("dark", DESK), ("light", PHONE)]


@pytest.fixture(scope="module")
def provider():
    with identity_provider(host="localhost") as provider:
        yield provider


@pytest.fixture(scope="module")
def servers(provider):
    """Yield two addresses of one server: with passwords, and without."""
    with desk_of_ones_own() as both:
        both.environment |= {
            "STAFF_OIDC_ISSUER": provider.url,
            "STAFF_OIDC_CLIENT_ID": CLIENT_ID,
            "STAFF_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "STAFF_OIDC_GROUPS": "it-helpdesk=Viewer,pki=Administrator",
            "STAFF_OIDC_NAME": "Contoso",
        }
        alone = copy.copy(both)
        alone.port = free_port()
        alone.environment = {**both.environment, "PASSWORD_SIGN_IN": "off"}
        with both.up() as one, alone.up() as other:
            yield one.url, other.url


@pytest.fixture(params=LOOKS, ids=["light", "dark", "phone"])
def look(request):
    scheme, viewport = request.param
    return {"color_scheme": scheme, "viewport": viewport}


@pytest.fixture
def visit(browser, provider, look):
    """Return a function that opens the login page of a server, watched."""
    provider.reset()
    opened = []

    def visit(url, refusals=()):
        context = browser.new_context(base_url=url, **look)
        watch = Watch(context, origin=url)
        watch.refusals = {*refusals}
        opened.append((context, watch))
        page = context.new_page()
        page.goto(LIST)
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Log in to certstates"
        )
        settle(page, watch)
        return page, watch

    yield visit
    for context, watch in opened:
        context.close()
        assert troubles(watch, provider) == []


def troubles(watch, provider):
    """Return what went wrong; that the browser goes to the provider is no trouble."""
    return [one for one in watch.take() if f"asks {provider.url}/authorize" not in one]


def settle(page, watch):
    assert_accessible(page)
    watch.see_width(page)


def press(page):
    page.get_by_role("link", name="Sign in with Contoso").click()


def test_somebody_signs_in_and_works_and_logs_out(visit, servers):
    page, _ = visit(servers[0])
    press(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificate states")
    assert page.url.endswith(LIST)
    expect(page.locator("#user-tools")).to_contain_text("Ana")
    expect(page.get_by_role("link", name="Change password")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    page.goto(LIST)
    expect(page.get_by_role("link", name="Sign in with Contoso")).to_be_visible()


def test_somebody_in_no_group_reads_why(visit, servers, provider):
    provider.person |= {"sub": "stranger", "groups": []}
    page, watch = visit(servers[0], refusals={403})
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("may not use this")
    settle(page, watch)
    page.get_by_role("link", name="To the login page").click()
    expect(page.get_by_role("link", name="Sign in with Contoso")).to_be_visible()


def test_a_token_that_proves_nothing_ends_on_a_page(visit, servers, provider):
    provider.tell = lambda told: {**told, "nonce": "another"}
    page, watch = visit(servers[0], refusals={400})
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("not be verified")
    settle(page, watch)


def test_without_passwords_the_provider_is_the_only_way(visit, servers):
    page, _ = visit(servers[1])
    expect(page.get_by_label("Password")).to_have_count(0)
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.single-sign-on a')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#user-tools")).to_contain_text("Ana")
