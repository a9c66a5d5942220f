"""The headers of answers: what a browser may load, send, frame and keep."""

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
def test_what_is_no_page_loads_and_does_nothing(operator, path):
    policy = policy_of(operator.get(path))
    assert {*policy} == {"default-src", "base-uri", "frame-ancestors", "object-src"}
    assert {*policy.values()} == {"'none'"}


EVERY_KIND = {
    "a page": ("GET", "/docs/", {}, 200),
    "a page that is not there": ("GET", "/docs/nothing", {}, 404),
    "a style sheet": ("GET", "/static/certstates/site.css", {}, 200),
    "the icon": ("GET", "/favicon.ico", {}, 302),
    "a list": ("GET", URL, {}, 200),
    "an empty answer": ("OPTIONS", URL, {}, 204),
    "a path of nothing": ("GET", "/nothing", {}, 400),
    "an endless address": ("GET", "/beta/" + "x" * 20_000, {}, 414),
    "another OData": ("GET", URL, {"OData-Version": "3.0"}, 400),
    "another host": ("GET", URL, {"Host": "other.example"}, 400),
    "a token endpoint": ("GET", "/common/oauth2/v2.0/token", {}, 405),
    "an overlong form": ("POST", "/admin/login/", {"Content-Length": "3000000"}, 413),
}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"), EVERY_KIND.values(), ids=EVERY_KIND
)
def test_every_answer_is_taken_for_what_it_is_and_by_https_only(
    operator, method, path, headers, status
):
    response = operator.generic(method, path, headers=headers)
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    seconds, *rest = response.headers["Strict-Transport-Security"].split("; ")
    assert int(seconds.removeprefix("max-age=")) >= 365 * 24 * 60 * 60
    assert "includeSubDomains" in rest
    policy = policy_of(response)
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["object-src"] == policy["default-src"] == "'none'"
    response.close()


@pytest.mark.parametrize("path", [path for path in ADMIN if "nothing" not in path])
def test_a_page_of_the_admin_is_kept_by_nobody_and_leads_out(browser, path):
    make_state(id="a")
    response = browser.get(path)
    assert "no-store" in response.headers["Cache-Control"]
    assert b'action="/admin/logout/"' in response.content


@pytest.mark.parametrize("way", ["logout", "sign_out_everywhere"])
def test_after_the_way_out_the_browser_forgets_the_pages(browser, way):
    response = browser.post(f"/admin/{way}/")
    assert response.headers["Clear-Site-Data"] == '"cache"'
