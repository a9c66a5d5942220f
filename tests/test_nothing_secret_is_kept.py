"""After a day's work neither the database's files nor the log hold what lets one in.

The files are read as they lie on the disk, when the server has stopped: tables, what
was deleted from them, and the write-ahead log. A dump has less.
"""

import http.cookiejar
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from certstates.addresses import COLLECTION
from tests.desk import desk_of_ones_own, fetch

if os.environ.get("DATABASE_URL"):
    pytest.skip("reads the files of the embedded database", allow_module_level=True)

RECORDS = f"/beta/{COLLECTION}"
TOKEN = "/common/oauth2/v2.0/token"
WRONG = "a-wrong-password-of-somebody"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLW5vYm9keQ"


class Browser:
    """Signs in and out; ``cookies`` are all that it was ever given."""

    def __init__(self, server):
        self.server = server
        self.jar = http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(handler)
        self.cookies = set()

    def open(self, path, **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        with self.opener.open(self.server + path, data) as response:
            page = response.read().decode()
        self.cookies |= {cookie.value for cookie in self.jar}
        return page

    def send(self, path, **form):
        page = self.open(path)
        csrf = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return self.open(path, csrfmiddlewaretoken=csrf, **form)


def sign_in(browser, password):
    return browser.send("/admin/login/", username="admin", password=password)


def secrets_of_a_day(desk, serving):
    """Use every door once, rightly and wrongly; return what opens them."""
    password, token = serving.said(r"password +(\S+)"), serving.token
    code, application, errors = desk.run("create_application", "nightly", "--json")
    assert code == 0, errors
    known = json.loads(application)
    code, static, _ = desk.run("create_token", "ci")
    assert code == 0

    browser = Browser(desk.url)
    assert "Log out" not in sign_in(browser, WRONG)
    assert "Log out" in sign_in(browser, password)
    browser.open("/admin/")

    form = {
        "grant_type": "client_credentials",
        "scope": "x/.default",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    fetched = json.loads(Browser(desk.url).open(TOKEN, **form))["access_token"]
    with pytest.raises(urllib.error.HTTPError):
        Browser(desk.url).open(TOKEN, **form | {"client_secret": WRONG})

    for raw in (token, static.strip(), fetched):
        bearer = {"Authorization": f"Bearer {raw}"}
        assert fetch(desk.url + RECORDS, **bearer)[0] == 200
        told = f"{desk.url}{RECORDS}/{raw}?access_token={raw}"
        assert fetch(told, **bearer)[0] == 404
    assert fetch(desk.url + RECORDS, Authorization=f"Bearer {JWT}")[0] == 401
    code, _, errors = desk.run("revoke_token", "ci", "--yes")
    assert code == 0, errors
    return {
        password, token, static.strip(), fetched, known["client_secret"], WRONG, JWT,
        *browser.cookies,
    }  # fmt: skip


def database_files(desk):
    found = [
        path for path in (desk.path / ".data" / "postgres").rglob("*") if path.is_file()
    ]
    assert len(found) > 100
    return found


def test_what_opens_a_door_is_neither_in_the_database_nor_in_the_log():
    with desk_of_ones_own() as desk:
        desk.environment |= {"ACCESS_LOG": "on", "LOG_FORMAT": "json"}
        with desk.up() as serving:
            secrets = secrets_of_a_day(desk, serving)
        lines = serving.errors.splitlines()
        assert len([line for line in lines if '"certstates.access"' in line]) > 10
        assert {s for s in secrets if s in serving.errors} == set()
        kept = {path: path.read_bytes() for path in database_files(desk)}
        marks = {s for s in secrets if any(s.encode() in k for k in kept.values())}
        assert marks == set()
        assert any(b"nightly" in content for content in kept.values())
    for line in lines:
        json.loads(line)
