"""Guessing passwords becomes slow, for whoever guesses and not for others."""

import datetime as dt
import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate, hashers
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import F
from django.http import HttpRequest

from certstates.staff.attempts import (
    ANYBODY,
    FORGOTTEN_AFTER,
    LONGEST_NAME,
    OWN_LIMIT,
    WIDE_LIMIT,
    Attempt,
    name_key,
    unlock,
)
from tests.make import HttpsClient
from tests.staff import browser_of, make_person
from tests.test_sign_in import RIGHT, WRONG, hashings, sign_in, words_of

__all__ = ["hashings"]

pytestmark = pytest.mark.django_db

HERE, THERE = "192.0.2.7", "198.51.100.9"
USERS = "/admin/auth/user/"


@pytest.fixture
def ana(db):
    return make_person("ana", "Viewer")


def statuses(names, password=WRONG, *, address=HERE, browser=None):
    """Return the statuses of attempts to sign in, one after the other."""
    return [
        sign_in(name, password, browser=browser, REMOTE_ADDR=address).status_code
        for name in names
    ]


def fail(name="ana", times=OWN_LIMIT, *, address=HERE, browser=None):
    """Be wrong so often, without having to wait."""
    names = [name] * times
    assert statuses(names, address=address, browser=browser) == [200] * times


def pass_time(**time):
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - dt.timedelta(**time))


def wait_of(name="ana", address=HERE, browser=None):
    """Return the seconds that an attempt has to wait; 0: it did not have to."""
    response = sign_in(name, WRONG, browser=browser, REMOTE_ADDR=address)
    assert response.status_code in (200, 429)
    return int(response.headers.get("Retry-After", 0))


def test_five_wrong_passwords_make_even_the_right_one_wait(ana):
    fail()
    assert statuses(["ana"], RIGHT) == [429]
    pass_time(seconds=61)
    assert statuses(["ana"], RIGHT) == [302]
    assert statuses(["ana"], RIGHT) == [302]


def test_each_further_failure_doubles_the_wait(ana):
    fail()
    waits = []
    for _ in range(9):
        waits.append(math.ceil(wait_of() / 60))
        pass_time(hours=1)
        fail(times=1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_who_asks_while_waiting_waits_no_longer(ana):
    fail()
    pass_time(seconds=30)
    assert statuses(["ana"] * 20) == [429] * 20
    assert 0 < wait_of() <= 30


def test_the_right_password_forgives_the_wrong_ones(ana):
    fail(times=4)
    assert statuses(["ana"], RIGHT) == [302]
    fail(times=5)
    assert statuses(["ana"]) == [429]


def test_failures_are_forgotten_in_time(ana):
    fail()
    pass_time(seconds=FORGOTTEN_AFTER.total_seconds())
    fail()
    assert statuses(["ana"]) == [429]
    assert AccessAttempt.objects.count() == 3


def test_old_rows_of_others_are_deleted_on_the_way(ana):
    fail("somebody", 1, address=THERE)
    pass_time(seconds=FORGOTTEN_AFTER.total_seconds())
    fail(times=1)
    assert not AccessAttempt.objects.filter(ip_address=THERE).exists()


def test_who_waits_is_refused_before_the_password_is_looked_at(ana, hashings):
    fail()
    hashings.clear()
    statuses(["ana"] * 3)
    assert hashings == []


def test_known_and_unknown_names_wait_alike(ana):
    make_person("away", is_active=False)
    make_person("customer", is_staff=False)
    pages = set()
    for name in ("ana", "nobody", "away", "customer"):
        fail(name)
        response = sign_in(name, "pass-of-" + name, REMOTE_ADDR=HERE)
        assert response.status_code == 429
        assert 50 < int(response.headers["Retry-After"]) <= 60
        assert "no-store" in response.headers["Cache-Control"]
        pages.add(words_of(response, name))
    [page] = pages
    assert "<h1>Too many attempts</h1>" in page
    assert "Try again in <strong>1 minute</strong>" in page


WIDE_ANA = "\N{FULLWIDTH LATIN SMALL LETTER A}na"
SPELLINGS = ["Ana", "ANA", " ana ", "ana\u00a0", WIDE_ANA, "ana" + " " * 300]


def test_spellings_do_not_multiply_the_attempts(ana):
    fail(times=4)
    fail(WIDE_ANA, times=1)
    assert statuses(["ana", *SPELLINGS]) == [429] * (1 + len(SPELLINGS))


def test_endless_names_are_one_name():
    long = "x" * LONGEST_NAME
    assert name_key(long + "1") == name_key(long + "2")
    assert name_key("\N{LATIN SMALL LETTER LONG S}") == name_key("S")
    fail(long * 50)
    assert statuses([long + "more"]) == [429]


def test_another_address_and_another_name_need_not_wait(ana):
    fail()
    assert statuses(["ana"], RIGHT, address=THERE) == [302]
    assert statuses(["eve"]) == [200]
    assert statuses(["ana"]) == [429]


def test_addresses_of_one_network_are_one(ana):
    for host in range(OWN_LIMIT):
        fail(times=1, address=f"2001:db8:1:2::{host}")
    assert statuses(["ana"], address="2001:db8:1:2:ffff::1") == [429]
    assert statuses(["ana"], address="2001:db8:1:3::1") == [200]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::", "::2", "2001:0:0:1::1", "64:ff9b::1", "unix:", ""],
)
def test_every_address_may_be_wrong_five_times(ana, address):
    fail(address=address)
    assert statuses(["ana"], address=address) == [429]


def test_an_address_that_is_made_up_changes_nothing(ana):
    for host in range(OWN_LIMIT):
        response = sign_in("ana", WRONG, headers={"X-Forwarded-For": f"192.0.2.{host}"})
        assert response.status_code == 200
    response = sign_in("ana", WRONG, headers={"X-Forwarded-For": "192.0.2.99"})
    assert response.status_code == 429


def test_one_address_may_not_try_many_names(ana):
    names = [f"name-{n}" for n in range(WIDE_LIMIT)]
    assert statuses(names) == [200] * WIDE_LIMIT
    assert statuses(["one-more"]) == [429]
    assert statuses(["one-more"], address=THERE) == [200]


def test_ones_own_account_does_not_forgive_an_address(ana):
    for n in range(WIDE_LIMIT):
        fail(f"name-{n}", 1)
        if n % 10 == 0:
            assert statuses(["ana"], RIGHT) == [302]
    assert statuses(["one-more"]) == [429]


def spread(name="ana", times=WIDE_LIMIT):
    """Fail for one name from many addresses."""
    for n in range(times):
        fail(name, 1, address=f"203.0.113.{n}")


def test_many_addresses_may_not_try_one_name(ana):
    spread()
    assert statuses(["ana"], RIGHT, address=THERE) == [429]
    pass_time(seconds=61)
    assert statuses(["ana"], RIGHT, address=THERE) == [302]


def test_a_stranger_does_not_keep_out_who_signed_in_here_before(ana):
    browser = HttpsClient()
    assert statuses(["ana"], RIGHT, browser=browser) == [302]
    browser.post("/admin/logout/")
    fail()  # from the same address
    spread(times=WIDE_LIMIT - OWN_LIMIT)
    assert statuses(["ana"], RIGHT, address=THERE) == [429]
    assert statuses(["ana"], RIGHT) == [429]
    assert statuses(["ana"], RIGHT, browser=browser) == [302]


def test_a_known_browser_is_counted_too(ana):
    browser = HttpsClient()
    assert statuses(["ana"], RIGHT, browser=browser) == [302]
    fail(browser=browser)
    assert statuses(["ana"], RIGHT, browser=browser) == [429]
    assert statuses(["ana"], RIGHT) == [302]


def test_a_browser_is_known_for_its_person_only(ana, settings):
    make_person("eve")
    browser = HttpsClient()
    assert statuses(["ana"], RIGHT, browser=browser) == [302]
    spread("eve")
    assert statuses(["eve"], "pass-of-eve", browser=browser) == [429]
    browser.cookies[settings.DEVICE_COOKIE_NAME] = name_key("eve") + ".x:y:z"
    assert statuses(["eve"], "pass-of-eve", browser=browser) == [429]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_further_than_many_in_a_row(ana, hashings):
    def attempt(number):
        try:
            return statuses(["ana"])[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        got = [*pool.map(attempt, range(24))]
    assert sorted(got) == [200] * OWN_LIMIT + [429] * (24 - OWN_LIMIT)
    assert len(hashings) == OWN_LIMIT


def right_password():
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = HERE
    Attempt(request, "ana").take_back()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [right_password, lambda: unlock("ana")])
def test_rows_are_locked_in_one_order_or_two_wait_for_each_other(ana, end):
    fail(times=1)
    first, last = AccessAttempt.objects.exclude(username=ANYBODY).order_by("pk")
    # The first is read last then, as after many attempts that filled its page.
    for address in (THERE, HERE):
        AccessAttempt.objects.filter(pk=first.pk).update(ip_address=address)

    def ending():
        try:
            end()
        finally:
            connections.close_all()

    rows = AccessAttempt.objects.select_for_update(nowait=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            rows.get(pk=first.pk)
            ended = pool.submit(ending)
            await_somebody_waiting()
            rows.get(pk=last.pk)  # as the next attempt does
        ended.result(timeout=10)


def await_somebody_waiting():
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted")
            if cursor.fetchall():
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


# --- The other door: who is signed in changes their password ---


def change(browser, old, new="a wholly new one"):
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return browser.post("/admin/password_change/", fields)


def test_an_open_session_does_not_help_to_guess_the_password(ana):
    browser = browser_of(ana)
    for _ in range(OWN_LIMIT):
        assert change(browser, WRONG).status_code == 200
    response = change(browser, RIGHT)
    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()
    assert "Back to the login page" not in response.content.decode()
    pass_time(seconds=61)
    assert change(browser, RIGHT).status_code == 302


def test_a_new_password_that_is_refused_counts_for_nothing(ana):
    browser = browser_of(ana)
    for _ in range(OWN_LIMIT + 1):
        assert change(browser, RIGHT, new="short").status_code == 200
        assert change(browser, "").status_code == 200


def test_an_empty_old_password_forgives_no_wrong_ones(ana):
    browser = browser_of(ana)
    for _ in range(OWN_LIMIT - 1):
        assert change(browser, WRONG).status_code == 200
        assert change(browser, "").status_code == 200
    assert change(browser, WRONG).status_code == 200
    assert change(browser, RIGHT).status_code == 429


def test_whoever_asks_django_for_a_user_is_counted(ana):
    request = HttpRequest()
    for _ in range(OWN_LIMIT):
        assert authenticate(request, username="ana", password=WRONG) is None
    assert authenticate(request, username="ana", password=RIGHT) is None
    pass_time(seconds=61)
    assert authenticate(request, username="ana", password=RIGHT) == ana


# --- Unlocking ---


def test_an_administrator_unlocks(ana):
    adam = browser_of(make_person("adam", "Administrator"))
    fail()
    action = {"action": "unlock", "_selected_action": ana.pk}
    page = adam.post(USERS, action, follow=True).content.decode()
    assert "Wrong passwords forgotten: ana." in page
    assert "Unlocked sign-in." in adam.get(f"{USERS}{ana.pk}/history/").content.decode()
    page = adam.post(USERS, action, follow=True).content.decode()
    assert "Wrong passwords forgotten: none." in page
    assert statuses(["ana"], RIGHT) == [302]


@pytest.mark.parametrize(
    "command",
    [
        ("axes_reset",),
        ("axes_reset_username", "Ana"),
        ("axes_reset_ip", HERE),
        ("axes_reset_ip_username", HERE, "ana"),
    ],
)
def test_a_command_unlocks(ana, command, capsys):
    fail()
    call_command(*command)
    assert statuses(["ana"], RIGHT) == [302]


def test_a_command_for_somebody_else_unlocks_nothing(ana, capsys):
    fail()
    call_command("axes_reset_username", "eve")
    call_command("axes_reset_ip", THERE)
    call_command("axes_reset_ip", "nonsense")
    assert statuses(["ana"], RIGHT) == [429]


def test_the_hasher_of_production_is_a_slow_one():
    assert "pbkdf2_sha256" in hashers.PBKDF2PasswordHasher.algorithm
