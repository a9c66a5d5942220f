"""Staff sign in at an identity provider, and are who that says."""

import ssl
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.urls import reverse

from certstates.checks import check_mapped_groups
from certstates.models import StaffIdentity, StateEvent
from certstates.staff import accounts
from certstates.staff.sessions import SessionStore
from project import tls
from tests.identity_provider import ANA, CLIENT_SECRET, Key, identity_provider
from tests.make import HttpsClient, make_state
from tests.sso import (
    CALLBACK,
    LIST,
    LOGIN,
    SINGLE_SIGN_ON,
    START,
    account_of,
    groups,
    introduce,
    leave,
    refused,
    sign_in,
)
from tests.staff import browser_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return HttpsClient()


def test_somebody_signs_in_for_the_first_time(idp, browser):
    response = sign_in(browser, target=LIST)
    assert (response.status_code, response["Location"]) == (302, LIST)
    assert browser.get(LIST).status_code == 200
    ana = account_of(browser)
    assert ana.get_username() == "ana@contoso.example"
    assert (ana.first_name, ana.last_name, ana.email) == ("Ana", "Silva", ANA["email"])
    assert ana.is_staff
    assert ana.is_active
    assert not ana.is_superuser
    assert not ana.has_usable_password()
    assert groups(ana) == {"Viewer"}
    [identity] = StaffIdentity.objects.all()
    assert (identity.user, identity.issuer) == (ana, idp.url)
    assert identity.subject == ANA["sub"]


def test_what_leaves_here_has_state_nonce_and_a_challenge(idp, browser):
    sent = urlsplit(browser.get(START)["Location"])
    query = {name: values[0] for name, values in parse_qs(sent.query).items()}
    assert query["redirect_uri"] == f"https://testserver{CALLBACK}"
    assert query["scope"] == "openid profile email"
    assert query["code_challenge_method"] == "S256"
    assert min(len(query[n]) for n in ("state", "nonce", "code_challenge")) >= 32
    assert CLIENT_SECRET not in sent.query


def test_the_second_time_it_is_the_same_account(idp, browser):
    sign_in(browser)
    idp.person |= {"preferred_username": "ana.costa", "family_name": "Costa"}
    other = HttpsClient()
    sign_in(other)
    assert account_of(other) == account_of(browser)
    assert account_of(other).last_name == "Costa"
    assert account_of(other).username == "ana@contoso.example"


@pytest.mark.parametrize("name", ["ana@contoso.example", "ANA@contoso.example"])
def test_an_account_of_the_same_name_is_not_taken_over(idp, browser, name):
    local = make_person(name, "Administrator", email=ANA["email"])
    sign_in(browser)
    assert account_of(browser) != local
    assert account_of(browser).username == "ana@contoso.example-2"
    assert groups(local) == {"Administrator"}


def test_another_issuer_with_the_same_subject_is_somebody_else(idp, browser):
    local = make_person("local", "Administrator")
    local.identities.create(issuer="https://other.example", subject=ANA["sub"])
    sign_in(browser)
    assert account_of(browser) != local


def test_a_name_that_django_would_not_take_is_made_to_fit(idp, browser):
    idp.person["preferred_username"] = "ana \x00 sil'va " + "x" * 300
    idp.person["family_name"] = "Sil\x00va" + "a" * 300
    sign_in(browser)
    assert account_of(browser).last_name.startswith("Silvaa")
    name = account_of(browser).username
    assert name.startswith("ana-sil-va-xxx")
    User._meta.get_field("username").run_validators(name)


def test_groups_follow_the_provider_and_others_are_left_alone(idp, browser):
    sign_in(browser)
    ana = account_of(browser)
    ana.groups.add(Group.objects.get(name="Importer"))  # by hand
    idp.person["groups"] = ["pki", "unknown"]
    sign_in(HttpsClient())
    assert groups(ana) == {"Administrator", "Importer"}
    words = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert words == [
        "Opened by single sign-on.",
        "Groups by single sign-on: +Viewer.",
        "Groups by single sign-on: +Administrator, -Viewer.",
    ]


@pytest.mark.parametrize("given", [None, [], ["unknown"], "unknown", {"pki": 1}, [[]]])
def test_who_is_in_no_mapped_group_is_refused(idp, browser, given):
    idp.person["groups"] = given
    refused(sign_in(browser), 403, "Your account may not use this server")
    assert not User.objects.exists()


def test_who_leaves_all_groups_is_signed_out_everywhere(idp, browser):
    sign_in(browser)
    ana = account_of(browser)
    ana.groups.add(Group.objects.get(name="Importer"))
    idp.person["groups"] = []
    refused(sign_in(HttpsClient()), 403, "Your account may not use this server")
    assert browser.get(LIST).status_code == 302
    assert groups(ana) == {"Importer"}
    ana.refresh_from_db()
    assert not ana.has_usable_password()
    idp.person["groups"] = ["it-helpdesk"]
    sign_in(browser)
    assert groups(account_of(browser)) == {"Importer", "Viewer"}


def test_one_group_may_stand_in_a_claim_of_another_name(idp, browser, settings):
    settings.STAFF_OIDC_GROUPS_CLAIM = "roles"
    idp.person["roles"] = "pki"
    sign_in(browser)
    assert groups(account_of(browser)) == {"Administrator"}


def test_a_provider_may_have_an_authority_of_its_own(
    browser, settings, monkeypatch, tmp_path
):
    authority = tls.Authority(tmp_path / "tls")
    authority.ensure()
    home = authority.home
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "server.pem", home / "server.key")
    with identity_provider(context=context) as idp:
        introduce(idp, settings, monkeypatch)
        assert browser.get(START).status_code == 503
        monkeypatch.setenv("SSL_CERT_FILE", str(home / "ca.pem"))
        settings.OIDC_VERIFY_SSL = str(home / "ca.pem")
        idp.in_userinfo = ("groups",)
        assert sign_in(browser).status_code == 302


def test_groups_are_asked_for_where_the_token_has_none(idp, browser):
    idp.in_userinfo = ("groups", "given_name")
    sign_in(browser)
    assert groups(account_of(browser)) == {"Viewer"}
    assert account_of(browser).first_name == "Ana"


def test_the_groups_of_somebody_else_do_not_count(idp, browser):
    idp.in_userinfo = ("groups",)
    idp.userinfo = {"sub": "somebody-else", "groups": ["pki"]}
    refused(sign_in(browser), 400, "could not be verified")


def test_a_name_is_asked_for_where_the_token_has_none(idp, browser):
    idp.in_userinfo = ("preferred_username", "email")
    sign_in(browser)
    assert account_of(browser).username == ANA["preferred_username"]


def test_a_provider_without_user_information_does_without(idp, browser):
    idp.document = {"userinfo_endpoint": None}
    idp.in_userinfo = ("preferred_username",)
    sign_in(browser)
    assert account_of(browser).username == ANA["email"]


def test_other_scopes_can_be_asked_for(idp, browser, settings):
    settings.OIDC_RP_SCOPES = "openid profile email groups"
    assert "scope=openid+profile+email+groups&" in browser.get(START)["Location"]


def test_a_deleted_account_is_opened_anew_and_has_no_past(idp, browser):
    sign_in(browser)
    account = account_of(browser)
    adam = browser_of(make_person("adam", "Administrator"))
    response = adam.post(f"/admin/auth/user/{account.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert not StaffIdentity.objects.exists()
    assert browser.get(LIST).status_code == 302
    sign_in(browser)
    assert account_of(browser).pk != account.pk
    assert groups(account_of(browser)) == {"Viewer"}


@pytest.mark.parametrize("closed", ["is_active", "is_staff"])
def test_a_closed_account_stays_closed(idp, browser, closed):
    sign_in(browser)
    User.objects.update(**{closed: False})
    refused(sign_in(HttpsClient()), 403, "Your account here is closed")
    assert browser.get(LIST).status_code == 302
    assert browser.get(LOGIN).wsgi_request.user.is_anonymous
    assert not getattr(User.objects.get(), closed)


def test_the_session_is_a_new_one_and_keeps_no_token(idp, browser):
    back = leave(browser)
    before = browser.session.session_key
    browser.get(back)
    after = browser.session
    assert after.session_key != before
    assert not after.exists(before)
    held = str(dict(after.items()))
    for part in (
        "oidc",
        "_session_expiry",
        idp.id_token,
        idp.access_token,
    ):
        assert part not in held


def test_what_others_left_unfinished_is_cleared_away(idp, browser):
    leave(HttpsClient())
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")
    sign_in(browser)
    assert Session.objects.count() == 1


def test_a_session_that_ends_meanwhile_is_no_failure(idp, browser, monkeypatch):
    back = leave(browser)
    save = SessionStore.save

    def too_late(self, **options):
        Session.objects.all().delete()  # another window has signed in
        save(self, **options)

    monkeypatch.setattr(SessionStore, "save", too_late)
    refused(browser.get(back), 400, "This sign-in is over")


def test_two_windows_at_once_open_one_account(idp, browser, monkeypatch):
    real = accounts.free_name

    def meanwhile(claims):
        monkeypatch.setattr(accounts, "free_name", real)
        accounts.open_account(claims)
        return "somebody-else"

    monkeypatch.setattr(accounts, "free_name", meanwhile)
    sign_in(browser)
    assert account_of(browser) == User.objects.get()
    assert account_of(browser).username == ANA["preferred_username"]


def test_a_name_that_is_taken_meanwhile_is_left_to_its_owner(idp, browser, monkeypatch):
    make_person("ana")
    real = accounts.free_name
    names = ["ana"]
    monkeypatch.setattr(
        accounts, "free_name", lambda claims: names.pop() if names else real(claims)
    )
    sign_in(browser)
    assert account_of(browser).username == ANA["preferred_username"]


def test_the_history_names_who_signed_in(idp, browser):
    make_state(id="a")
    idp.person["groups"] = ["pki"]
    sign_in(browser)
    assert browser.post(f"{LIST}a/delete/", {"post": "yes"}).status_code == 302
    ana = account_of(browser)
    assert StateEvent.objects.latest("pk").who == ana.username
    assert LogEntry.objects.latest("pk").user == ana


def test_a_mapping_to_a_group_that_there_is_not_is_warned_of(idp, settings):
    assert check_mapped_groups(None) == []
    settings.STAFF_OIDC_GROUPS = [("a", "Viewer"), ("b", "Viewers")]
    [warning] = check_mapped_groups(None)
    assert warning.id == "certstates.W001"
    assert "'Viewers'" in warning.msg


def test_a_secret_goes_by_the_header_where_the_provider_wants_that(idp, browser):
    idp.auth_methods = ["client_secret_basic"]
    assert sign_in(browser).status_code == 302


def test_a_new_key_of_the_provider_is_known_at_once(idp, browser):
    sign_in(browser)
    idp.key = Key("two")
    assert sign_in(HttpsClient()).status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\x"],
)
def test_only_pages_of_this_server_are_gone_to_afterwards(idp, browser, target):
    assert sign_in(browser, target)["Location"] == "/admin/"


def test_the_login_page_offers_both(idp, browser):
    page = browser.get(f"{LOGIN}?next={LIST}").content.decode()
    assert "Sign in with Contoso" in page
    assert f'href="{START}?next=%2Fadmin%2Fcertstates%2F' in page
    assert 'name="password"' in page


def test_a_password_works_beside_it(idp, browser):
    make_person("pia", "Viewer")
    form = {"username": "pia", "password": "pass-of-pia", "next": LIST}
    assert browser.post(LOGIN, form)["Location"] == LIST
    assert browser.get(LIST).status_code == 200


def test_a_password_after_all_begins_a_session_of_full_age(idp, browser, settings):
    make_person("pia", "Viewer")
    leave(browser)
    browser.post(LOGIN, {"username": "pia", "password": "pass-of-pia", "next": LIST})
    assert browser.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_who_has_no_password_finds_the_way_out_everywhere_too(idp, browser):
    sign_in(browser)
    assert 'href="/admin/sign_out_everywhere/"' in browser.get(LIST).content.decode()
    local = browser_of(make_person("pia", "Viewer")).get(LIST).content.decode()
    assert 'href="/admin/password_change/"' in local
    assert "/admin/sign_out_everywhere/" not in local


def test_passwords_can_be_turned_off(idp, browser, settings):
    before = browser_of(make_person("pia", "Viewer"))
    assert before.get(LIST).status_code == 200
    settings.PASSWORD_SIGN_IN = False
    settings.AUTHENTICATION_BACKENDS = [SINGLE_SIGN_ON]
    page = browser.get(LOGIN).content.decode()
    assert "Sign in with Contoso" in page
    assert 'name="password"' not in page
    form = {"username": "pia", "password": "pass-of-pia", "next": LIST}
    response = browser.post(LOGIN, form)
    refused(response, 403, "Passwords are not taken here")
    sent = {"username": "pia", "password": "pass-of-pia"}
    assert authenticate(response.wsgi_request, **sent) is None
    assert before.get(LIST).status_code == 302  # whoever came by one is out
    assert sign_in(browser).status_code == 302


@pytest.mark.parametrize("path", [START, CALLBACK])
def test_without_a_provider_there_is_no_such_page(browser, path):
    assert browser.get(path).status_code == 404
    assert "Sign in with" not in browser.get(LOGIN).content.decode()


@pytest.mark.parametrize("name", ["sso_start", "sso_callback"])
def test_the_addresses_take_nothing_but_get(idp, browser, name):
    assert browser.post(reverse(name)).status_code == 405


@pytest.mark.parametrize(
    ("site", "leads"),
    [
        ("same-origin", "/authorize?"),
        ("none", "/authorize?"),
        ("cross-site", LOGIN),
        ("same-site", LOGIN),
    ],
)
def test_nobody_is_signed_in_by_a_link_of_another_site(idp, browser, site, leads):
    sent = browser.get(START, headers={"Sec-Fetch-Site": site})
    assert leads in sent["Location"]
    assert ("oidc_states" in browser.session) == (leads != LOGIN)
