"""Who signs in or does not, and who may do what from now on: a line each."""

import datetime as dt
import io
import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction

from certstates.permissions import READ, READ_WRITE
from certstates.security_log import WATCHED
from certstates.staff.attempts import OWN_LIMIT, name_key
from certstates.tokens import issue_token
from tests import oauth
from tests.make import HttpsClient
from tests.staff import browser_of, make_person
from tests.test_docs import ROOT
from tests.test_logs import lines
from tests.test_sign_in import RIGHT, WRONG, sign_in

__all__ = ["lines"]

pytestmark = pytest.mark.django_db(transaction=True)

USERS = "/admin/auth/user/"
WRITTEN = re.compile(r'(?:security|in_vain|when_committed)\(\s*"(\w+)"')


@pytest.fixture
def ana():
    return make_person("ana", "Viewer")


@pytest.fixture
def told(lines):
    """Return what calls something, and returns the lines of events."""

    def lines_of(do, *args, **kwargs):
        lines.lines.clear()
        do(*args, **kwargs)
        return lines.objects("certstates.security")

    return lines_of


def facts(line, *names):
    return tuple(line[name] for name in names)


def test_a_sign_in_names_the_person_the_way_and_the_address(ana, told):
    [line] = told(sign_in, "ana", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert facts(line, "event", "level", "account") == ("signed_in", "INFO", "ana")
    assert facts(line, "method", "address") == ("password", "192.0.2.7")
    assert len(line["request_id"]) == 36
    assert line["staff"] == "ana"


def test_a_sign_in_that_fails_names_nobody_and_can_be_followed(ana, told):
    [line] = told(sign_in, "Ana", WRONG, REMOTE_ADDR="192.0.2.7")
    assert facts(line, "event", "level") == ("sign_in_failed", "WARNING")
    assert line["name_hash"] == name_key("ana")
    assert not {"account", "staff"} & line.keys()


def test_who_has_to_wait_is_written(ana, told):
    for _ in range(OWN_LIMIT):
        sign_in("ana", WRONG)
    [line] = told(sign_in, "ana", RIGHT)
    assert facts(line, "event", "level") == ("sign_in_waits", "WARNING")


def test_signing_out_is_written(ana, told):
    [line] = told(browser_of(ana).post, "/admin/logout/")
    assert facts(line, "event", "account", "staff") == ("signed_out", "ana", "ana")


def test_passwords_that_are_not_taken_are_written(told, settings):
    settings.PASSWORD_SIGN_IN = False
    [line] = told(sign_in, "ana", RIGHT)
    assert facts(line, "event", "level") == ("sign_in_refused", "WARNING")


NEW = "correct horse battery"


def change_password(browser, old):
    fields = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return browser.post("/admin/password_change/", fields)


def test_a_new_password_is_written_and_a_wrong_old_one(ana, told):
    browser = browser_of(ana)
    [line] = told(change_password, browser, WRONG)
    assert facts(line, "event", "staff") == ("old_password_wrong", "ana")
    [line] = told(change_password, browser, RIGHT)
    assert facts(line, "event", "account") == ("account_changed", "ana")
    assert line["password_changed"] is True


def test_what_somebody_may_do_is_written_with_who_gave_it(ana, staff, told):
    fields = {
        "username": "ana", "is_active": "on", "is_staff": "on", "is_superuser": "on",
        "groups": [Group.objects.get(name="Editor").pk],
        "user_permissions": [Permission.objects.get(codename="add_group").pk],
    }  # fmt: skip
    found = told(staff.post, f"{USERS}{ana.pk}/change/", fields)
    assert {facts(line, "staff", "account") for line in found} == {("admin", "ana")}
    changed, *rights = found
    assert changed["event"] == "account_changed"
    assert facts(changed, "is_superuser", "is_active") == (True, True)
    assert {line["event"] for line in rights} == {"rights_changed"}
    assert [line["given"] for line in rights if "given" in line] == [
        ["Editor"], ["Authentication and Authorization | group | Can add group"]
    ]  # fmt: skip
    assert [line["taken"] for line in rights if "taken" in line] == [["Viewer"]]


def test_people_come_and_go(ana, staff, told):
    fields = {"username": "ben", "password1": NEW, "password2": NEW}
    [line] = told(staff.post, f"{USERS}add/", {**fields, "usable_password": "true"})
    assert facts(line, "event", "account", "staff") == ("account_added", "ben", "admin")
    action = {"action": "delete_selected", "post": "yes", "_selected_action": ana.pk}
    [line] = told(staff.post, USERS, action)
    assert facts(line, "event", "account", "staff") == (
        "account_deleted",
        "ana",
        "admin",
    )


def test_ended_sessions_and_ended_waits_are_written(ana, staff, told):
    sign_in("ana", WRONG)
    for action, event in (
        ("sign_out_everywhere", "sessions_ended"),
        ("unlock", "sign_in_unlocked"),
    ):
        [line] = told(staff.post, USERS, {"action": action, "_selected_action": ana.pk})
        assert facts(line, "event", "account", "staff") == (event, "ana", "admin")


def test_a_group_that_may_more_is_written(told):
    group = Group.objects.create(name="Night shift")
    [line] = told(group.permissions.add, Permission.objects.get(codename="add_group"))
    assert facts(line, "event", "group") == ("rights_changed", "Night shift")
    [line] = told(group.permissions.clear)
    assert line["taken"] == "all"


def test_a_token_is_written_when_it_is_made_and_when_it_is_revoked(told):
    out = {"stdout": io.StringIO(), "stderr": io.StringIO()}
    found = told(call_command, "create_token", "nightly", **out)
    application, token = found
    assert facts(application, "event", "application") == (
        "application_added",
        "nightly",
    )
    assert facts(token, "event", "application", "scope") == (
        "token_added", "nightly", READ,
    )  # fmt: skip
    [line] = told(call_command, "revoke_token", "nightly", "--yes", **out)
    assert facts(line, "event", "token") == ("token_deleted", token["token"])


def test_an_application_its_secret_and_its_scope_are_written(writer_app, staff, told):
    client, _ = writer_app
    [hash_changed, line] = told(client.renew_secret)
    assert hash_changed["event"] == "application_changed"
    assert facts(line, "event", "application", "columns") == (
        "client_credentials_changed", "nightly", ["secret_created"],
    )  # fmt: skip
    [line] = told(client.change_scope, READ)
    assert facts(line, "columns", "scope") == (["scope"], READ)
    url = f"/admin/oauth2_provider/application/{client.pk}/delete/"
    found = told(staff.post, url, {"post": "yes"})
    assert {facts(line, "event", "staff") for line in found} == {
        ("application_deleted", "admin"), ("client_credentials_deleted", "admin"),
    }  # fmt: skip


def test_the_token_endpoint_writes_who_got_a_token_and_who_did_not(writer_app, told):
    [line] = told(oauth.ask, writer_app)
    assert facts(line, "event", "client", "scope") == (
        "token_added", "nightly", READ_WRITE,
    )  # fmt: skip
    [line] = told(oauth.ask, writer_app, client_secret="wrong")
    assert facts(line, "event", "error") == ("client_refused", "invalid_client")
    assert facts(line, "client", "address") == ("nightly", "127.0.0.1")
    [line] = told(oauth.ask, writer_app, client_id="of-nobody")
    assert facts(line, "event", "error") == ("client_refused", "invalid_client")
    assert "client" not in line
    assert "of-nobody" not in str(line)


def test_what_is_rolled_back_is_not_written(told):
    def make_one_in_vain():
        with transaction.atomic():
            issue_token("never", scope=READ, lifetime=dt.timedelta(days=1))
            transaction.set_rollback(True)

    assert told(make_one_in_vain) == []


def test_a_form_of_another_site_is_written(ana, lines):
    browser = HttpsClient(enforce_csrf_checks=True)
    browser.force_login(ana)
    browser.post("/admin/logout/", headers={"Origin": "https://evil.example"})
    [line] = lines.objects("django.security.csrf")
    assert "Origin checking failed" in line["message"]
    assert facts(line, "staff", "address")


def test_every_event_is_documented():
    text = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 50
    events = {
        f"{kind}_{what}"
        for kind, _ in WATCHED.values()
        for what in ("added", "changed", "deleted")
    }
    for file in (ROOT / "certstates").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        events |= {
            *re.findall(r'(?:security|in_vain|when_committed)\(\s*"(\w+)"', source)
        }
    assert len(events) > 20
    assert [event for event in sorted(events) if f"`{event}`" not in text] == []
