"""What people see when a page is refused: calm words, and where to go from there."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from certstates import pages
from certstates.staff.sessions import SessionStore
from tests.make import HttpsClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer():
    """Is staff, and may see nothing yet."""
    client = HttpsClient(raise_request_exception=False)
    client.force_login(User.objects.create_user("newcomer", is_staff=True))
    return client


@pytest.fixture
def admin(admin_user):
    client = HttpsClient(raise_request_exception=False)
    client.force_login(admin_user)
    return client


def words(response, status):
    """Assert that a refusal is a whole page of the site, and return its text."""
    assert response.status_code == status
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    page = response.content.decode()
    assert 'href="/static/certstates/site.css"' in page
    assert "<style" not in page
    return page


def test_a_page_that_is_not_there(admin):
    assert "There is no such page" in words(admin.get("/docs/nothing"), 404)
    assert "There is no such page" in words(admin.get("/admin/nothing/"), 404)


def test_a_page_that_is_not_for_this_account(newcomer):
    page = words(newcomer.get("/admin/auth/user/"), 403)
    assert "not for your account" in page
    assert 'href="/admin/"' in page


def test_a_form_without_its_sign(admin_user):
    client = HttpsClient(enforce_csrf_checks=True)
    client.force_login(admin_user)
    response = client.post("/admin/password_change/", {"old_password": "x"})
    assert "Nothing was changed" in words(response, 403)


def test_an_address_that_asks_for_what_is_not_shown(admin):
    response = admin.get("/admin/auth/user/?password__startswith=a")
    assert "not understood" in words(response, 400)


def test_a_session_that_ends_while_a_page_is_made(admin, monkeypatch):
    def too_late(self, **options):
        raise UpdateError

    monkeypatch.setattr(SessionStore, "save", too_late)
    Session.objects.update(expire_date=timezone.now() + dt.timedelta(minutes=10))
    page = words(admin.get("/admin/"), 400)
    assert "in another window" in page


def test_a_page_that_breaks(admin, monkeypatch):
    def broken(*args):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(pages, "render", broken)
    page = words(admin.get("/docs/"), 500)
    assert "Something broke" in page
    assert "on purpose" not in page
