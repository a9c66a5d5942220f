"""A browser's way to the tests' identity provider and back."""

import requests
from django.conf import settings
from django.contrib.auth.models import User

from certstates.staff import provider as provider_module
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET
from tests.staff import groups_of_the_migration

START = "/admin/sso/"
CALLBACK = "/admin/sso/callback/"
LOGIN = "/admin/login/"
LIST = "/admin/certstates/managedalldevicecertificatestate/"
SINGLE_SIGN_ON = "certstates.staff.sso.SingleSignOn"


def introduce(provider, settings, monkeypatch):
    """Have the server know a provider, with two groups that are of use here."""
    provider.reset()
    settings.STAFF_OIDC_ISSUER = provider.url
    settings.OIDC_RP_CLIENT_ID = CLIENT_ID
    settings.OIDC_RP_CLIENT_SECRET = CLIENT_SECRET
    settings.STAFF_OIDC_NAME = "Contoso"
    settings.STAFF_OIDC_GROUPS = [("it-helpdesk", "Viewer"), ("pki", "Administrator")]
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        SINGLE_SIGN_ON,
    ]
    monkeypatch.setattr(provider_module, "_known", {})
    groups_of_the_migration()
    return provider


def leave(browser, target=""):
    """Begin a sign-in; return where the provider sends the browser back to."""
    sent = browser.get(START, {"next": target} if target else {})
    assert sent.status_code == 302, sent.content
    back = requests.get(
        sent["Location"],
        timeout=5,
        allow_redirects=False,
        verify=settings.OIDC_VERIFY_SSL,
    )
    assert back.status_code == 302
    return back.headers["Location"].removeprefix("https://testserver")


def sign_in(browser, target=""):
    return browser.get(leave(browser, target))


def account_of(browser):
    return User.objects.get(pk=browser.session["_auth_user_id"])


def groups(user):
    return {group.name for group in user.groups.all()}


def refused(response, status, words):
    """Assert that a sign-in ended on a page of the site, and signed nobody in."""
    assert response.status_code == status, response.content
    page = response.content.decode()
    assert words in page
    assert "<h1>" in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    assert "_auth_user_id" not in response.wsgi_request.session
    return page
