"""Sessions end in time, and cannot be taken from a dump of the database."""

import datetime as dt
import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certstates.staff.sessions import SINCE, SessionStore, stored
from tests.make import HttpsClient
from tests.staff import browser_of, make_person
from tests.test_settings import read
from tests.test_sign_in import sign_in

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"


@pytest.fixture
def ana(db):
    return make_person("ana", "Viewer")


@pytest.fixture
def browser(ana):
    return browser_of(ana)


def is_in(browser):
    return browser.get("/admin/").status_code == 200


def cookie_of(browser, settings):
    return browser.cookies[settings.SESSION_COOKIE_NAME]


def pass_time(**time):
    """Have the sessions be older, as the table says."""
    Session.objects.update(expire_date=F("expire_date") - dt.timedelta(**time))


# --- What the table has ---


def test_a_key_is_in_the_cookie_and_its_hash_in_the_table(browser, settings):
    key = cookie_of(browser, settings).value
    [row] = Session.objects.all()
    assert row.session_key == stored(key) != key
    assert len(row.session_key) == 40
    assert key not in repr(Session.objects.values())


def test_what_the_table_has_signs_nobody_in(browser, settings):
    thief = HttpsClient()
    thief.cookies[settings.SESSION_COOKIE_NAME] = Session.objects.get().session_key
    assert is_in(browser)
    assert not is_in(thief)


def test_a_session_is_made_kept_renamed_and_ended():
    session = SessionStore()
    session["a"] = 1
    session.create()
    session["a"] = 2
    session.save()
    first = session.session_key
    assert SessionStore(first)["a"] == 2
    assert session.exists(first)
    session.cycle_key()
    assert session.session_key != first
    assert not session.exists(first)
    assert SessionStore(first).load() == {}
    assert SessionStore(session.session_key)["a"] == 2
    session.flush()
    assert session.session_key is None
    assert not Session.objects.exists()
    session.delete()
    session.delete("never-was")


def test_a_session_is_not_made_twice_nor_saved_after_its_end():
    session = SessionStore()
    session.create()
    with pytest.raises(CreateError):
        SessionStore(session.session_key).save(must_create=True)
    SessionStore(session.session_key).delete()
    session["a"] = 1
    with pytest.raises(UpdateError):
        session.save()


def test_an_unknown_key_is_no_session_and_is_not_taken_on():
    session = SessionStore("chosen-by-somebody-else")
    assert session.load() == {}
    assert session.session_key is None


def test_it_works_without_waiting_too():
    async def life():
        session = SessionStore()
        await session.aset("a", 1)
        await session.acreate()
        await session.aset("a", 2)
        await session.asave()
        first = session.session_key
        assert await SessionStore(first).aget("a") == 2
        assert await session.aexists(first)
        await session.acycle_key()
        assert not await session.aexists(first)
        assert await SessionStore(first).aload() == {}
        assert await SessionStore(session.session_key).aget("a") == 2
        await session.aflush()
        assert session.session_key is None

    async_to_sync(life)()
    assert not Session.objects.exists()


def test_the_command_clears_what_is_over(browser):
    browser_of(make_person("eve"))
    Session.objects.filter(pk=Session.objects.values_list("pk", flat=True)[0]).update(
        expire_date=timezone.now()
    )
    call_command("clearsessions")
    assert Session.objects.count() == 1


# --- How long they last ---


def test_an_idle_session_ends(browser):
    pass_time(minutes=59)
    assert is_in(browser)
    pass_time(minutes=61)
    assert not is_in(browser)


def test_use_is_written_down_once_a_minute(browser, settings):
    key = cookie_of(browser, settings).value
    before = Session.objects.get().expire_date

    def writes():
        with CaptureQueriesContext(connection) as captured:
            assert is_in(browser)
        return [q for q in captured if "UPDATE" in q["sql"]]

    assert writes() == []
    pass_time(seconds=50)
    assert writes() == []
    pass_time(seconds=20)
    assert len(writes()) == 1
    assert writes() == []
    assert Session.objects.get().expire_date >= before
    assert cookie_of(browser, settings).value == key


def grow_old(browser, settings, **age):
    session = SessionStore(cookie_of(browser, settings).value)
    session[SINCE] -= dt.timedelta(**age).total_seconds()
    session.save()


def test_a_session_in_use_ends_too(browser, settings):
    grow_old(browser, settings, hours=11, minutes=59)
    assert is_in(browser)
    grow_old(browser, settings, minutes=1)
    assert not is_in(browser)


def test_a_session_that_does_not_say_since_when_is_over(browser, settings):
    session = SessionStore(cookie_of(browser, settings).value)
    del session[SINCE]
    session.save()
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("name", "environment", "value"),
    [
        ("SESSION_COOKIE_AGE", {}, "3600"),
        ("SESSION_COOKIE_AGE", {"SESSION_IDLE_MINUTES": "5"}, "300"),
        ("SESSION_HOURS", {}, "12"),
        ("SESSION_HOURS", {"SESSION_HOURS": "8"}, "8"),
        ("SESSION_COOKIE_NAME", {}, "__Host-sessionid"),
        ("CSRF_COOKIE_NAME", {}, "__Host-csrftoken"),
        ("SESSION_COOKIE_NAME", {"DEBUG": "on"}, "sessionid"),
        ("CSRF_COOKIE_NAME", {"DEBUG": "on"}, "csrftoken"),
    ],
)
def test_ages_and_names_follow_the_environment(name, environment, value):
    assert read(name, **environment)[1] == value


@pytest.mark.parametrize("name", ["SESSION_IDLE_MINUTES", "SESSION_HOURS"])
@pytest.mark.parametrize("value", ["long", "0"])
def test_an_age_is_a_number(name, value):
    code, _, err = read("DEBUG", **{name: value})
    assert code == 1
    assert f"{name} must be a whole number" in err


# --- What begins and ends them ---


def test_the_key_is_a_new_one_after_the_sign_in(ana, settings):
    browser = HttpsClient()
    session = SessionStore()
    session["planted"] = True
    session.create()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert sign_in("ana", "pass-of-ana", browser=browser).status_code == 302
    assert cookie_of(browser, settings).value != session.session_key
    assert Session.objects.count() == 1
    assert is_in(browser)


def test_the_cookies_are_kept_to_this_host_and_from_scripts(ana):
    browser = HttpsClient()
    browser.get("/admin/login/")
    sign_in("ana", "pass-of-ana", browser=browser)
    browser.get("/admin/certstates/managedalldevicecertificatestate/gone/change/")
    names = ("sessionid", "csrftoken", "device", "messages")
    assert {*browser.cookies} == {f"__Host-{name}" for name in names}
    for name, cookie in browser.cookies.items():
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name


def test_signing_out_ends_the_session(browser):
    copy = HttpsClient()
    copy.cookies.update(browser.cookies)
    assert is_in(copy)
    browser.post("/admin/logout/")
    assert not is_in(copy)
    assert not Session.objects.exists()


@pytest.mark.parametrize("lost", ["is_active", "is_staff"])
def test_who_is_no_longer_staff_is_out_at_once(browser, ana, lost):
    assert is_in(browser)
    User.objects.filter(pk=ana.pk).update(**{lost: False})
    assert not is_in(browser)
    assert not browser.get("/admin/login/").wsgi_request.user.is_authenticated


NEW = "a wholly new one"


def test_a_new_password_ends_the_other_sessions(browser, ana):
    elsewhere = browser_of(ana)
    fields = {"old_password": "pass-of-ana", "new_password1": NEW, "new_password2": NEW}
    assert browser.post("/admin/password_change/", fields).status_code == 302
    assert is_in(browser)
    assert not is_in(elsewhere)


def test_a_password_that_somebody_else_sets_ends_all_sessions(browser, ana, staff):
    fields = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert staff.post(f"{USERS}{ana.pk}/password/", fields).status_code == 302
    assert not is_in(browser)
    assert is_in(staff)


# --- Signing out everywhere ---


def test_an_administrator_ends_all_sessions_of_somebody(browser, ana):
    again, eve = browser_of(ana), browser_of(make_person("eve"))
    adam = browser_of(make_person("adam", "Administrator"))
    action = {"action": "sign_out_everywhere", "_selected_action": ana.pk}
    page = adam.post(USERS, action, follow=True).content.decode()
    assert "Sessions ended: 2." in page
    assert [is_in(one) for one in (browser, again, eve, adam)] == [
        False, False, True, True,
    ]  # fmt: skip
    history = adam.get(f"{USERS}{ana.pk}/history/").content.decode()
    assert "Signed out everywhere." in history


def test_an_administrator_may_be_among_them():
    person = make_person("adam", "Administrator")
    adam = browser_of(person)
    action = {"action": "sign_out_everywhere", "_selected_action": person.pk}
    assert adam.post(USERS, action).status_code == 302
    assert not is_in(adam)


@pytest.mark.parametrize("action", ["sign_out_everywhere", "unlock"])
def test_who_holds_more_is_out_of_reach(staff, admin_user, action):
    adam = browser_of(make_person("adam", "Administrator"))
    values = {"action": action, "_selected_action": admin_user.pk}
    assert adam.post(USERS, values).status_code == 403
    assert is_in(staff)


def test_everybody_ends_their_own_sessions(browser, ana):
    elsewhere, eve = browser_of(ana), browser_of(make_person("eve"))
    page = browser.get("/admin/password_change/").content.decode()
    assert "/admin/sign_out_everywhere/" in page
    assert is_in(elsewhere)
    assert browser.get("/admin/sign_out_everywhere/").status_code == 200
    assert is_in(elsewhere)
    response = browser.post("/admin/sign_out_everywhere/")
    assert response.headers["Location"] == "/admin/login/"
    assert [is_in(one) for one in (browser, elsewhere, eve)] == [False, False, True]
    rows = json.dumps([row.get_decoded() for row in Session.objects.all()])
    assert f'"_auth_user_id": "{ana.pk}"' not in rows
