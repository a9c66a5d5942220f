"""The headers of pages: what a browser may load, send and frame."""

import pytest

from tests.make import URL, HttpsClient, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
ADMIN = [
    "/admin/",
    LIST,
    f"{LIST}add/",
    f"{LIST}a/change/",
    "/admin/auth/user/",
    "/admin/nothing/",
]
WITHOUT_FORMS = ["/", "/docs/", "/docs/api/"]


@pytest.fixture
def browser(admin_user):
    client = HttpsClient(headers={"Accept": "text/html"})
    client.force_login(admin_user)
    return client


def policy_of(response):
    rules = response.headers["Content-Security-Policy"].split("; ")
    return dict(rule.split(" ", 1) for rule in rules)


@pytest.mark.parametrize("path", [*ADMIN, *WITHOUT_FORMS])
def test_a_page_loads_from_here_alone_and_runs_nothing_inline(browser, path):
    make_state(id="a")
    policy = policy_of(browser.get(path))
    assert policy.pop("img-src") == "'self' data:"
    assert policy.pop("form-action") in ("'self'", "'none'")
    for name in ("script-src", "style-src", "font-src", "connect-src"):
        assert policy.pop(name) == "'self'", name
    assert {*policy} == {"default-src", "base-uri", "frame-ancestors", "object-src"}
    assert {*policy.values()} == {"'none'"}


@pytest.mark.parametrize("path", WITHOUT_FORMS)
def test_a_page_without_a_form_may_send_none(browser, path):
    assert policy_of(browser.get(path))["form-action"] == "'none'"


def test_a_page_with_a_form_may_send_it_home(browser):
    assert policy_of(browser.get("/admin/login/"))["form-action"] == "'self'"


@pytest.mark.parametrize("path", [*ADMIN, *WITHOUT_FORMS])
def test_a_page_is_framed_by_nobody_and_tells_no_other_site_of_itself(browser, path):
    headers = browser.get(path).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", [URL, "/beta/", "/beta/nothing", "/docs/openapi.json"])
def test_what_is_no_page_carries_no_policy_of_one(operator, path):
    response = operator.get(path)
    assert "Content-Security-Policy" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
