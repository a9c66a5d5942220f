"""The service document and the singleton that it lists, at each of the roots."""

import pytest

from tests.make import ROOT, ApiClient, error_of

LINKS = [{"name": "deviceManagement", "kind": "Singleton", "url": "deviceManagement"}]
MINIMAL = (
    "application/json;odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)
SINGLETON = "/beta/deviceManagement"


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/beta/", "beta/"),
        ("/beta", "beta/"),
        ("/v1.0/", "v1.0/"),
        ("/v1.0", "v1.0/"),
        ("/", ""),
    ],
)
def test_everyone_reads_what_the_service_holds(stranger, path, root):
    response = stranger.get(path, headers={"Accept": "application/json"})
    assert response.status_code == 200
    assert response.json() == {
        "@odata.context": f"{ROOT}{root}$metadata",
        "value": LINKS,
    }
    assert response.headers["Content-Type"] == MINIMAL
    assert response.headers["OData-Version"] == "4.0"
    assert response.headers["request-id"]
    assert response.headers["Cache-Control"] == "no-store"


def test_its_addresses_lead_on(db, reader):
    for root in ("/beta/", "/v1.0/"):
        document = reader.get(root).json()
        assert reader.get(document["@odata.context"]).status_code == 200
        [link] = document["value"]
        assert reader.get(root + link["url"]).status_code == 200


def test_it_knows_its_public_address(stranger, settings):
    settings.PUBLIC_URL = "https://certs.example/graph/"
    context = stranger.get("/beta/").json()["@odata.context"]
    assert context == "https://certs.example/graph/beta/$metadata"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
        ),
        ("text/html, application/json", "text/html"),
        ("image/png", "text/html"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("application/json", "application/json"),
        (
            "application/json;odata.metadata=minimal;q=1.0, */*;q=0.1",
            "application/json",
        ),
        ("text/html;q=0, */*", "application/json"),
    ],
)
def test_the_bare_root_shows_people_a_page_and_programs_the_document(
    stranger, accept, kind
):
    response = stranger.get("/", headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == kind
    assert "Accept" in response.headers["Vary"].split(", ")
    assert ("OData-Version" in response.headers) is (kind == "application/json")


@pytest.mark.parametrize("path", ["/beta/", "/beta", "/v1.0/", "/"])
def test_it_can_only_be_read(stranger, path):
    assert stranger.head(path, headers={"Accept": "application/json"}).content == b""
    response = stranger.options(path)
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "PATCH", "DELETE", "INVENTED"):
        response = stranger.generic(method, path)
        error_of(response, 405, "MethodNotAllowed")
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("query", "accept", "status", "code"),
    [
        ("$format=xml", "*/*", 406, "NotAcceptable"),
        ("", "application/xml", 406, "NotAcceptable"),
        ("$top=1", "*/*", 501, "NotImplemented"),
        ("$nope=1", "*/*", 400, "BadRequest"),
    ],
)
@pytest.mark.parametrize("path", ["/beta/", SINGLETON])
def test_what_it_does_not_have_is_refused(
    db, reader, path, query, accept, status, code
):
    response = reader.get(f"{path}?{query}", headers={"Accept": accept})
    error_of(response, status, code)


@pytest.mark.parametrize("query", ["$format=json", "format=application/json", "x=1"])
def test_json_may_be_asked_for_by_name(stranger, query):
    response = stranger.get(f"/beta/?{query}", headers={"Accept": "*/*"})
    assert response.json()["value"] == LINKS


def test_a_wrong_token_does_not_matter():
    assert ApiClient("unknown").get("/beta/").status_code == 200


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/beta/deviceManagement", "beta/"),
        ("/beta/deviceManagement/", "beta/"),
        ("/beta/devicemanagement", "beta/"),
        ("/v1.0/deviceManagement", "v1.0/"),
        ("/deviceManagement", ""),
    ],
)
def test_the_singleton_is_read(db, reader, operator, path, root):
    for client in (reader, operator):
        response = client.get(path)
        assert response.status_code == 200
        assert response.json() == {
            "@odata.context": f"{ROOT}{root}$metadata#deviceManagement/$entity",
            "@odata.type": "#microsoft.graph.deviceManagement",
            "id": "00000000-0000-0000-0000-000000000000",
        }
        assert response.headers["Content-Type"] == MINIMAL


def test_the_singleton_needs_a_token(db, stranger):
    response = stranger.get(SINGLETON)
    error_of(response, 401, "InvalidAuthenticationToken")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    error_of(ApiClient("unknown").get(SINGLETON), 401, "InvalidAuthenticationToken")


def test_the_singleton_can_only_be_read(db, operator):
    assert operator.head(SINGLETON).content == b""
    response = operator.options(SINGLETON)
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = operator.generic(method, SINGLETON)
        error_of(response, 405, "MethodNotAllowed")
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
