"""Staff sign in; who does not get in learns nothing from it."""

import io
import re

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates.management.commands.up import Command
from certstates.staff.passwords import LONGEST, WORDS
from tests.make import HttpsClient
from tests.staff import make_person

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
RIGHT, WRONG = "pass-of-ana", "nothing of the kind"


def sign_in(name, password, *, browser=None, **extra):
    fields = {"username": name, "password": password, "next": "/admin/"}
    return (browser or HttpsClient()).post(LOGIN, fields, **extra)


def words_of(response, name):
    """Return a page without what is new in each, and without what was typed."""
    page = response.content.decode()
    page = re.sub(r'csrfmiddlewaretoken" value="\w+', "", page)
    return page.replace(f'value="{name}"', "")


@pytest.fixture
def ana(db):
    return make_person("ana", "Viewer")


@pytest.fixture
def people(ana):
    """Return names that do not get in with the password beside them, one by one."""
    make_person("away", is_active=False)
    make_person("customer", is_staff=False)
    unusable = make_person("by-single-sign-on")
    unusable.set_unusable_password()
    unusable.save()
    return {
        "ana": WRONG,
        "nobody": WRONG,
        "away": "pass-of-away",
        "customer": "pass-of-customer",
        "by-single-sign-on": WRONG,
    }


def test_a_member_of_staff_signs_in_and_out(ana):
    browser = HttpsClient()
    response = sign_in("ana", RIGHT, browser=browser)
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    assert browser.get("/admin/").context["user"] == ana
    assert browser.post("/admin/logout/").status_code == 200
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "target", ["", "//evil.example", "https://evil.example/", "/\\evil.example", "x:y"]
)
def test_who_may_not_go_where_they_wish_goes_to_the_first_page(ana, target):
    fields = {"username": "ana", "password": RIGHT, "next": target}
    response = HttpsClient().post(LOGIN, fields, query_params={"next": target})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_every_refusal_has_the_same_words(people):
    pages = set()
    for name, password in people.items():
        response = sign_in(name, password)
        assert response.status_code == 200
        assert "_auth_user_id" not in response.wsgi_request.session
        pages.add(words_of(response, name))
    [page] = pages
    assert "Please enter the correct username and password" in page


@pytest.fixture
def hashings(monkeypatch):
    """Return the list of all passwords that are hashed from here on."""
    hashed = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def counting(self, password, salt, *args):
        hashed.append(password)
        return encode(self, password, salt, *args)

    monkeypatch.setattr(hasher, "encode", counting)
    return hashed


def test_every_refusal_costs_the_same(people, hashings):
    costs = {}
    for name, password in people.items():
        hashings.clear()
        with CaptureQueriesContext(connection) as captured:
            sign_in(name, password)
        kinds = [re.split(r" FROM| SET|\(", q["sql"])[0][:30] for q in captured]
        costs[name] = len(hashings), kinds
    assert {count for count, _ in costs.values()} == {1}
    assert len({tuple(kinds) for _, kinds in costs.values()}) == 1, costs


@pytest.mark.parametrize(
    "name",
    ["x" * 10_000, "a\0b", "ﬁ", "'; --", "\N{PILE OF POO}" * 200, "a" * 151],
    ids=["long", "NUL", "ligature", "SQL", "astral", "151"],
)
def test_odd_names_are_wrong_names(name):
    assert sign_in(name, WRONG).status_code == 200


def test_a_password_that_is_too_long_is_not_hashed(ana, hashings):
    for name in ("ana", "nobody"):
        page = sign_in(name, "x" * (LONGEST + 1)).content.decode()
        assert f"at most {LONGEST} characters" in page
    assert hashings == []


def test_the_tables_have_no_password_and_no_name(people):
    for name, password in people.items():
        sign_in(name, password)
    typed = "a password, typed into the wrong field"
    sign_in(typed, WRONG)
    sign_in("ana", RIGHT)
    assert AccessAttempt.objects.exists()
    assert not AccessFailureLog.objects.exists()
    assert not AccessLog.objects.exists()
    text = repr([*AccessAttempt.objects.values()])
    for secret in (RIGHT, WRONG, typed, *people):
        assert secret not in text


def test_the_log_says_from_where_and_neither_name_nor_password(ana, caplog):
    caplog.set_level("DEBUG")
    sign_in("ana", WRONG, REMOTE_ADDR="192.0.2.7")
    sign_in("ana", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert "A sign-in from 192.0.2.7 failed." in caplog.messages
    assert f"User {ana.pk} signed in from 192.0.2.7." in caplog.messages
    for text in (WRONG, RIGHT, "username"):
        assert text not in caplog.text


PASSWORDS = [
    ("eleven-char", "too short"),
    ("1qaz2wsx3edc", "on the lists that attackers try"),
    ("Qwertyuiop123", "on the lists that attackers try"),
    ("anastasia-2026", "too similar"),
    ("x" * (LONGEST + 1), f"at most {LONGEST}"),
    ("my CertStates horse", "must not contain &#x27;certstates&#x27;"),
    ("horse of contoso-2", "must not contain &#x27;Contoso&#x27;"),
    ("correct horse battery", ""),
    ("837465920174", ""),
    ("ñandú y pingüino 🐧", ""),
    ("long " * 50, ""),
]


@pytest.mark.parametrize(("password", "refusal"), PASSWORDS)
def test_a_new_password_is_long_and_not_known(
    admin_client, settings, password, refusal
):
    settings.PASSWORD_WORDS = ["Contoso"]
    url = f"/admin/auth/user/{make_person('anastasia').pk}/password/"
    fields = {"password1": password, "password2": password, "usable_password": "true"}
    response = admin_client.post(url, fields, secure=True)
    assert response.status_code == (200 if refusal else 302)
    if refusal:
        assert refusal in response.content.decode()
        return
    user = User.objects.get(username="anastasia")
    assert user.check_password(password)
    assert sign_in("anastasia", password).status_code == 302


def test_every_word_that_is_refused_is_documented(settings):
    page = (settings.BASE_DIR / "docs" / "settings.md").read_text()
    [row] = [line for line in page.splitlines() if "`PASSWORD_WORDS`" in line]
    assert {*re.findall(r"`([a-z]+)`", row)} == {*WORDS}


@pytest.mark.parametrize(
    "path", ["login/", "password_change/", "auth/user/add/", "auth/user/{}/password/"]
)
def test_a_password_is_hidden_and_can_be_pasted(ana, admin_client, path):
    client = HttpsClient() if path == "login/" else admin_client
    page = client.get(f"/admin/{path.format(ana.pk)}", secure=True).content.decode()
    fields = re.findall(r'<input [^>]*name="[^"]*password\d?"[^>]*>', page)
    fields = [field for field in fields if not re.search("submit|radio", field)]
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
    assert "onpaste" not in page


def test_the_password_that_up_makes_obeys():
    out = io.StringIO()
    Command(stdout=out).first_start("http://127.0.0.1:8000", None)
    password = re.search(r"password +(\S+)", out.getvalue())[1]
    validate_password(password, User.objects.get(username="admin"))


def test_a_superuser_of_the_command_line_signs_in(monkeypatch, capsys):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "x" * 12)
    call_command(
        "createsuperuser", interactive=False, username="root", email="r@example.com"
    )
    assert sign_in("root", "x" * 12).status_code == 302
