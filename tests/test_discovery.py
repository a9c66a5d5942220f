"""The documents by which Microsoft's libraries find the token endpoint."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import resolve

from certstates.oauth.views import AuthorizeView, KeysView, TokenView
from certstates.permissions import READ, READ_WRITE
from tests.make import HttpsClient
from tests.oauth import refusal_of

CONFIGURATION = ".well-known/openid-configuration"
KEYS = "/common/discovery/v2.0/keys"
GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ISSUERS = [
    ("common", "/common/v2.0"),
    ("contoso.example", "/contoso.example/v2.0"),
    (GUID, f"/{GUID}/v2.0"),
    ("common", "/common"),
    ("", "/v2.0"),
]


@pytest.fixture
def client():
    return HttpsClient()


@pytest.mark.parametrize(("tenant", "issuer"), ISSUERS)
def test_a_tenants_document_leads_to_the_token_endpoint(client, tenant, issuer):
    response = client.get(f"{issuer}/{CONFIGURATION}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert "OData-Version" not in response.headers
    base = "https://testserver" + (f"/{tenant}" if tenant else "")
    assert response.json() == {
        "issuer": f"https://testserver{issuer}",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
        ],
        "scopes_supported": [READ, READ_WRITE],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [],
    }


def test_the_servers_own_document_names_the_server(client):
    body = client.get(f"/{CONFIGURATION}").json()
    assert body["issuer"] == "https://testserver"
    assert body["token_endpoint"] == "https://testserver/oauth2/v2.0/token"


@pytest.mark.parametrize("start", ["/common/v2.0", "/v2.0", ""])
def test_its_addresses_are_those_of_the_views(client, start):
    body = client.get(f"{start}/{CONFIGURATION}").json()

    def view(name):
        return resolve(urlsplit(body[name]).path).func.view_class

    assert view("token_endpoint") is TokenView
    assert view("authorization_endpoint") is AuthorizeView
    assert view("jwks_uri") is KeysView


def test_it_is_below_the_public_address(client, settings):
    settings.PUBLIC_URL = "https://certs.example/graph/"
    body = client.get(f"/common/v2.0/{CONFIGURATION}").json()
    assert body["issuer"] == "https://certs.example/graph/common/v2.0"
    token = "https://certs.example/graph/common/oauth2/v2.0/token"
    assert body["token_endpoint"] == token


@pytest.mark.parametrize(
    "path", ["/Common/V2.0/.Well-Known/OpenId-Configuration/", KEYS.upper()]
)
def test_an_address_may_be_in_any_case(client, path):
    assert client.get(path).status_code == 200


def test_there_are_no_keys(client):
    response = client.get(KEYS)
    assert response.json() == {"keys": []}
    assert "OData-Version" not in response.headers


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_signs_in(client, method):
    response = getattr(client, method)("/common/oauth2/v2.0/authorize?client_id=a")
    refusal_of(response, 400, "unsupported_response_type")


@pytest.mark.parametrize("path", [KEYS, f"/common/v2.0/{CONFIGURATION}"])
def test_the_documents_are_only_read(client, path):
    assert client.head(path).status_code == 200
    for method in ("post", "put", "patch", "delete", "options"):
        response = getattr(client, method)(path)
        refusal_of(response, 405, "invalid_request")
        assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        f"/beta/common/v2.0/{CONFIGURATION}",
        "/common/v2.0/.well-known/other",
        "/common/v1.0/.well-known/openid-configuration",
        "/common/oauth2/token",
        f"/common/v2x0/{CONFIGURATION}",
        "/common/discovery/instance",
    ],
)
def test_other_addresses_are_graphs(client, path):
    response = client.get(path)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BadRequest"
    assert response.headers["OData-Version"] == "4.0"


def test_it_asks_nothing_of_the_database(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        for path in (KEYS, f"/{CONFIGURATION}"):
            client.get(path)


def test_the_scopes_are_those_of_the_settings():
    assert [*settings.OAUTH2_PROVIDER["SCOPES"]] == [READ, READ_WRITE]


def test_an_endless_address_and_a_foreign_host_are_refused_here_too(client):
    path = "/common/oauth2/v2.0/token"
    response = client.post(f"{path}?x={'y' * 20_000}", secure=True)
    assert (response.status_code, response.json()["error"]) == (414, "invalid_request")
    response = client.post(path, secure=True, headers={"Host": "other.example"})
    assert response.status_code == 400
    assert "ALLOWED_HOSTS" in response.json()["error_description"]
    assert response.headers["Cache-Control"] == "no-store"
