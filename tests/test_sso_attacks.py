"""Nobody is signed in by what a browser, or a provider, cannot prove."""

import logging
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from certstates.staff import provider as provider_module
from certstates.staff.refusals import NotVerified
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, Key
from tests.make import HttpsClient
from tests.sso import CALLBACK, LIST, LOGIN, START, leave, refused, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return HttpsClient()


def other(**claims):
    return {"tell": lambda told: {**told, **claims}}


def without(name):
    return {"tell": lambda told: {k: v for k, v in told.items() if k != name}}


def signed(how):
    return {"sign": how}


STRANGE = Key("one")

ATTACKS = {
    "a nonce of another sign-in": other(nonce="of-another-sign-in"),
    "no nonce": without("nonce"),
    "another audience": other(aud="other-client"),
    "several audiences and no presenter": other(aud=[CLIENT_ID, "other-client"]),
    "another presenter": other(azp="other-client"),
    "no audience": without("aud"),
    "another issuer": other(iss="https://evil.example"),
    "no issuer": without("iss"),
    "an end long ago": other(exp=1_600_000_000),
    "no end": without("exp"),
    "an end that is no number": other(exp="tomorrow"),
    "no beginning": without("iat"),
    "a beginning to come": other(iat=4_000_000_000),
    "no subject": without("sub"),
    "an empty subject": other(sub=""),
    "a subject that is no text": other(sub=17),
    "a subject with a line": other(sub="a\nb"),
    "a long subject": other(sub="a" * 256),
    "no signature": signed(lambda told: jwt.encode(told, None, "none")),
    "no signature, with a key": signed(
        lambda told: jwt.encode(told, None, "none", headers={"kid": "one"})
    ),
    "the client's secret": signed(
        lambda told: jwt.encode(told, CLIENT_SECRET, "HS256", headers={"kid": "one"})
    ),
    "a key of somebody else": signed(
        lambda told: jwt.encode(told, STRANGE.private, "RS256", headers={"kid": "one"})
    ),
    "a key nobody knows": signed(
        lambda told: jwt.encode(told, STRANGE.private, "RS256", headers={"kid": "two"})
    ),
    "no name of a key": signed(
        lambda told: jwt.encode(told, STRANGE.private, "RS256")
    ),
    "no token": signed(lambda told: None),
    "garbage": signed(lambda told: "garbage"),
    "an object": signed(lambda told: {"a": 1}),
    "long garbage": signed(lambda told: "a" * 65_000),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_proves_nothing_signs_nobody_in(idp, browser, attack):
    vars(idp).update(ATTACKS[attack])
    refused(sign_in(browser), 400, "could not be verified")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "published", [[{}], [{"kid": "one"}], [{"kid": "one", "kty": "oct", "k": "eA"}], 7]
)
def test_keys_that_are_none_sign_nobody_in(idp, browser, published):
    idp.published = published
    refused(sign_in(browser), 400, "could not be verified")


def test_the_presenter_may_be_this_server(idp, browser):
    vars(idp).update(other(aud=[CLIENT_ID, "other-client"], azp=CLIENT_ID))
    assert sign_in(browser).status_code == 302


# --- What a browser may bring ---------------------------------------------------------


def test_a_code_counts_once(idp, browser):
    back = leave(browser)
    assert browser.get(back).status_code == 302
    browser.logout()
    refused(browser.get(back), 400, "This sign-in is over")


def test_a_code_counts_in_the_browser_that_asked_for_it(idp, browser):
    mallory = HttpsClient()
    back = leave(mallory)
    refused(browser.get(back), 400, "This sign-in is over")
    leave(browser)  # a victim that has begun as well
    refused(browser.get(back), 400, "This sign-in is over")


def test_a_code_of_another_sign_in_does_not_fit(idp, browser):
    state = parse_qs(urlsplit(leave(browser)).query)["state"][0]
    code = parse_qs(urlsplit(leave(HttpsClient())).query)["code"][0]
    answer = browser.get(CALLBACK, {"state": state, "code": code})
    refused(answer, 400, "could not be verified")


def test_a_sign_in_ends_after_ten_minutes(idp, browser):
    back = leave(browser)
    left = browser.session.get_expiry_age()
    assert 590 < left <= 600
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")
    refused(browser.get(back), 400, "This sign-in is over")


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x&state=x", "?error=x"])
def test_a_callback_that_nobody_asked_for(idp, browser, query):
    refused(browser.get(f"{CALLBACK}{query}"), 400, "This sign-in is over")


def test_another_site_cannot_sign_anybody_out(idp, browser):
    sign_in(browser)
    browser.get(f"{CALLBACK}?error=access_denied&state=x")
    assert browser.get(LIST).status_code == 200


def test_who_declines_is_told_so(idp, browser):
    idp.declines = True
    refused(sign_in(browser), 403, "You have not been signed in")


def test_the_password_form_does_not_hear_codes(idp, browser):
    query = urlsplit(leave(browser)).query
    form = {"username": "a", "password": "b", "next": LIST}
    assert browser.post(f"{LOGIN}?{query}", form).status_code == 200
    assert "/token" not in idp.asked


@pytest.mark.parametrize("kept", [("", "verifier"), ("nonce", ""), (None, None)])
def test_a_sign_in_needs_what_only_the_session_keeps(idp, browser, kept):
    request = browser.get(leave(browser)).wsgi_request
    asked = len(idp.asked)
    with pytest.raises(NotVerified):
        authenticate(request, nonce=kept[0], code_verifier=kept[1])
    assert len(idp.asked) == asked


# --- A provider that fails ------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"]
)
def test_a_provider_that_breaks(idp, browser, path):
    idp.in_userinfo = ("groups",)
    idp.status = {path: 500}
    answer = browser.get(START)
    if answer.status_code == 302:
        answer = sign_in(browser)
    refused(answer, 503, "cannot be reached")


@pytest.mark.parametrize(
    ("path", "status"), [("/token", 400), ("/keys", 503), ("/userinfo", 503)]
)
def test_no_redirect_is_followed(idp, browser, path, status):
    """To the very place that would have answered well, had it been asked at once."""
    idp.in_userinfo = ("groups",)
    idp.moved = {path: f"{idp.url}{path}?again"}
    refused(sign_in(browser), status, "This sign-in" if status == 400 else "reached")
    assert idp.asked.count(path) == 1


def test_a_provider_that_is_not_there(idp, browser, settings):
    settings.STAFF_OIDC_ISSUER = "http://127.0.0.1:9"
    refused(browser.get(START), 503, "cannot be reached")


def test_a_provider_that_is_slow(idp, browser, settings):
    settings.OIDC_TIMEOUT = 0.2
    back = leave(browser)
    idp.delay = 3
    began = time.monotonic()
    refused(browser.get(back), 503, "cannot be reached")
    provider_module._known.clear()
    refused(browser.get(START), 503, "cannot be reached")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "http://evil.example/"},
    ],
)
def test_a_provider_that_is_not_the_one_that_was_meant(idp, browser, document):
    idp.document = document
    refused(browser.get(START), 503, "cannot be reached")


def test_the_provider_is_asked_for_its_addresses_once(idp, browser):
    for _ in range(3):
        sign_in(browser)
        browser.get(LIST)
    assert idp.asked.count("/.well-known/openid-configuration") == 1


def test_a_provider_that_falls_silent_is_known_as_it_was(idp, browser, monkeypatch):
    sign_in(browser)
    monkeypatch.setattr(provider_module, "LIFETIME", 0)
    idp.status = {"/.well-known/openid-configuration": 500}
    assert sign_in(browser).status_code == 302


def test_who_is_signed_in_works_on_without_the_provider(idp, browser):
    sign_in(browser)
    provider_module._known.clear()
    asked = len(idp.asked)
    assert browser.get(LIST).status_code == 200
    assert len(idp.asked) == asked


@pytest.mark.parametrize("attack", [*ATTACKS, "a wrong code"])
def test_the_log_says_why_and_holds_no_token(idp, browser, caplog, attack):
    vars(idp).update(ATTACKS.get(attack, {}))
    back = leave(browser)
    with caplog.at_level(logging.INFO):
        browser.get(back.replace("code=", "code=x") if "wrong" in attack else back)
    assert "Sign-in refused, NotVerified: " in caplog.text
    code = parse_qs(urlsplit(back).query)["code"][0]
    secrets = [code, CLIENT_SECRET, vars(idp).pop("access_token", code)]
    secrets += [str(vars(idp).pop("id_token", None) or code)]
    assert [secret for secret in secrets if secret in caplog.text] == []
