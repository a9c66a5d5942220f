"""Tokens by client id and secret, as Entra ID gives them (RFC 6749, 4.4)."""

import datetime as dt
import hashlib

import pytest
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.models import ClientCredentials, Scope
from certstates.oauth import validator
from certstates.permissions import READ, READ_WRITE
from certstates.tokens import new_token
from tests.make import URL, ApiClient, error_of, make_body, make_token
from tests.oauth import GRAPH, TOKEN, ask, basic, refusal_of

pytestmark = pytest.mark.django_db


def test_an_application_gets_a_token_that_the_api_accepts(writer_app):
    response = ask(writer_app)
    assert response.status_code == 200, response.content
    body = response.json()
    raw = body.pop("access_token")
    assert body == {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600}
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert "OData-Version" not in response.headers
    api = ApiClient(raw)
    assert api.create(make_body()).status_code == 201
    assert api.get(URL).status_code == 200
    token = AccessToken.objects.get()
    assert token.application == writer_app[0].application
    assert token.scope == READ_WRITE
    assert token.token == ""
    assert token.token_checksum == hashlib.sha256(raw.encode()).hexdigest()
    assert abs(token.expires - timezone.now() - dt.timedelta(hours=1)).seconds < 60


def test_a_readers_token_reads_only(reader_app):
    api = ApiClient(ask(reader_app).json()["access_token"])
    assert api.get(URL).status_code == 200
    error_of(api.create(make_body()), 403, "Forbidden")


@pytest.mark.parametrize(
    "path",
    [
        "/oauth2/v2.0/token",
        "/organizations/oauth2/v2.0/token",
        "/contoso.onmicrosoft.example/oauth2/v2.0/token",
        "/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token",
        "/Common/OAuth2/V2.0/Token",
        "/common/oauth2/v2.0/token/",
    ],
)
def test_every_tenant_is_this_server(writer_app, path):
    assert ask(writer_app, path=path).status_code == 200


@pytest.mark.parametrize("tenant", ["a" * 129, "a b", "ä", "a/b", "%00"])
def test_what_cannot_be_a_tenant_leads_nowhere(writer_app, tenant):
    response = ask(writer_app, path=f"/{tenant}/oauth2/v2.0/token")
    error_of(response, 400, "BadRequest")


@pytest.mark.parametrize("tenant", ["admin", "docs", "static"])
def test_no_token_is_made_among_the_pages(writer_app, tenant):
    """What is answered there may be kept by caches, and http is redirected."""
    response = ask(writer_app, path=f"/{tenant}/oauth2/v2.0/token")
    assert response.status_code != 200
    assert not AccessToken.objects.exists()


def test_the_secret_may_come_by_basic(writer_app):
    header = {"Authorization": basic(writer_app)}
    left = {"client_id": None, "client_secret": None}
    assert ask(writer_app, headers=header, **left).status_code == 200
    assert ask(writer_app, headers=header, client_secret=None).status_code == 200


BOTH = f"{READ} {READ_WRITE}"
ASKED = [
    (None, READ_WRITE),
    ("", READ_WRITE),
    (".default", READ_WRITE),
    (f"{GRAPH}/.default", READ_WRITE),
    ("https://127.0.0.1:8000/.default", READ_WRITE),
    ("http://127.0.0.1/.default", READ_WRITE),
    ("https://127.0.0.1:8000//.default", READ_WRITE),
    ("api://3d1e0b7a/.default", READ_WRITE),
    (READ_WRITE, READ_WRITE),
    (READ, READ),
    (READ.lower(), READ),
    (f"{GRAPH}/{READ}", READ),
    (f"{GRAPH}/{READ} {READ}", READ),
    (f"{READ_WRITE} {READ}", BOTH),
    (f"{GRAPH}/.default {READ}", READ_WRITE),
]


@pytest.mark.parametrize(("asked", "granted"), ASKED)
def test_a_scope_is_spelled_in_many_ways(writer_app, asked, granted):
    body = ask(writer_app, scope=asked).json()
    assert AccessToken.objects.get().scope == granted
    # It is told where it was not asked for: MSAL keeps tokens by what it asked for.
    assert body.get("scope") == (None if asked else granted)


@pytest.mark.parametrize(
    "asked",
    [READ_WRITE, f"{READ} {READ_WRITE}", "User.Read", "openid", "x/default", "a/ b"],
)
def test_a_scope_that_is_not_held_is_refused(reader_app, asked):
    refusal_of(ask(reader_app, scope=asked), 400, "invalid_scope")
    assert not AccessToken.objects.exists()


def test_what_else_libraries_send_is_ignored(writer_app):
    more = {
        "claims": '{"access_token":{"xms_cc":{"values":["CP1"]}}}',
        "client_info": "1",
        "client-request-id": "a8d3",
        "x-client-SKU": "MSAL.Python",
        "resource": "not an address",
    }
    assert ask(writer_app, **more).status_code == 200
    path = f"{TOKEN}?client-request-id=a8d3"  # so does MSAL for JavaScript
    assert ask(writer_app, path=path).status_code == 200


def test_a_deleted_application_is_unknown_and_its_tokens_end(writer_app):
    api = ApiClient(ask(writer_app).json()["access_token"])
    Application.objects.get().delete()
    refusal_of(ask(writer_app), 401, "invalid_client")
    error_of(api.get(URL), 401, "InvalidAuthenticationToken")


def test_a_new_secret_ends_the_old_one_and_its_tokens(writer_app):
    api = ApiClient(ask(writer_app).json()["access_token"])
    secret = writer_app[0].renew_secret()
    error_of(api.get(URL), 401, "InvalidAuthenticationToken")
    refusal_of(ask(writer_app), 401, "invalid_client")
    assert ask(writer_app, client_secret=secret).status_code == 200


def test_narrowing_ends_the_tokens_that_have_more(writer_app):
    wide = [
        ApiClient(ask(writer_app, scope=s).json()["access_token"]) for s in (None, BOTH)
    ]
    narrow = ApiClient(ask(writer_app, scope=READ).json()["access_token"])
    assert writer_app[0].change_scope(Scope.READ) == 2
    for api in wide:
        error_of(api.get(URL), 401, "InvalidAuthenticationToken")
    assert narrow.get(URL).status_code == 200
    refusal_of(ask(writer_app, scope=READ_WRITE), 400, "invalid_scope")
    assert writer_app[0].change_scope(Scope.READ_WRITE) == 0
    assert ask(writer_app, scope=READ_WRITE).status_code == 200


@pytest.mark.parametrize(
    "happens",
    [
        lambda made: made.change_scope(Scope.READ),
        lambda made: made.renew_secret(),
        lambda made: made.application.delete(),
    ],
)
def test_what_changes_while_a_token_is_made_is_not_outrun(
    writer_app, monkeypatch, happens
):
    def meanwhile():
        happens(ClientCredentials.objects.get())
        return new_token()

    monkeypatch.setattr(validator, "new_token", meanwhile)
    refusal_of(ask(writer_app), 401, "invalid_client")
    assert not AccessToken.objects.exists()


def test_the_lifetime_is_a_setting(writer_app, settings):
    seconds = {"ACCESS_TOKEN_EXPIRE_SECONDS": 300}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **seconds}
    assert ask(writer_app).json()["expires_in"] == 300
    left = AccessToken.objects.get().expires - timezone.now()
    assert dt.timedelta(seconds=290) < left <= dt.timedelta(seconds=300)


def test_expired_tokens_go_when_a_new_one_is_made(writer_app):
    AccessToken.objects.bulk_create(
        AccessToken(
            application=writer_app[0].application,
            token_checksum=f"{n}",
            expires=timezone.now() - dt.timedelta(seconds=1),
        )
        for n in range(250)
    )
    other = make_token(READ, days=-1)
    for left in (151, 52, 3, 4):
        assert ask(writer_app).status_code == 200
        assert writer_app[0].tokens.count() == left
    checksum = hashlib.sha256(other.encode()).hexdigest()
    assert AccessToken.objects.filter(token_checksum=checksum).exists()


def test_nothing_that_was_shown_is_stored_or_logged(writer_app, caplog):
    caplog.set_level("DEBUG")
    tokens = [
        ask(writer_app).json()["access_token"],
        ask(writer_app).json()["access_token"],
    ]
    ask(writer_app, client_secret=tokens[0])
    ask(
        writer_app,
        headers={"Authorization": basic(writer_app)},
        client_secret=None,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a::text, c::text, t::text FROM oauth2_provider_accesstoken t, "
            "oauth2_provider_application a, certstates_clientcredentials c"
        )
        kept = str(cursor.fetchall())
    assert writer_app[0].application.client_id in kept
    for secret in (*tokens, writer_app[1]):
        assert secret not in kept
        assert secret not in caplog.text
