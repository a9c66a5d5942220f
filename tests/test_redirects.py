"""Nobody is led to another site: only pages of this one follow a sign-in."""

import pytest

from tests.make import HttpsClient
from tests.staff import make_person

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "https:evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://testserver/admin/",
    " //evil.example",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_sign_in_leads_to_no_other_site(target):
    make_person("ana", "Viewer")
    fields = {"username": "ana", "password": "pass-of-ana", "next": target}
    response = HttpsClient().post("/admin/login/", fields)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_login_page_of_who_is_signed_in_leads_to_no_other_site(target, admin_user):
    browser = HttpsClient()
    browser.force_login(admin_user)
    response = browser.get("/admin/login/", {"next": target})
    assert response.headers.get("Location", "/admin/") == "/admin/"


@pytest.mark.parametrize("path", ["//evil.example/admin", "/admin//evil.example/x"])
def test_a_missing_slash_leads_to_no_other_site(path, admin_user):
    browser = HttpsClient()
    browser.force_login(admin_user)
    response = browser.get(path)
    place = response.headers.get("Location", "/")
    assert place.startswith("/")
    assert not place.startswith("//")
