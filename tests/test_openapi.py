"""The description in OpenAPI 3.1: valid, derived, whole, and cheap to serve."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import get_resolver, resolve
from openapi_spec_validator import OpenAPIV31SpecValidator

from certstates import errors, examples
from certstates.addresses import COLLECTION
from certstates.batch_views import BatchView
from certstates.delta_views import DeltaViewSet
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus, camel_case
from certstates.odata.batch import MOST_ITEMS
from certstates.odata.options import PAGE_SIZE
from certstates.openapi.document import document_for
from certstates.openapi.operations import OPERATIONS
from certstates.openapi.paths import PATHS, ROUTES
from certstates.permissions import READ, READ_WRITE
from certstates.service_views import MetadataView
from certstates.views import CertificateStateViewSet, segment_not_offered
from tests.make import URL

ADDRESS = "/docs/openapi.json"
RECORDS = f"/{COLLECTION}"
RECORD = f"{RECORDS}/{{managedAllDeviceCertificateState-id}}"
ENTITY = "microsoft.graph.managedAllDeviceCertificateState"
STATES = "DeviceConfigurationsAllManagedDeviceCertificateStates"
METHODS = {"get", "post", "patch", "delete", "put"}


@pytest.fixture
def document(stranger):
    return stranger.get(ADDRESS).json()


def operations(document):
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def schema(document, name):
    return document["components"]["schemas"][name]


def names_of(operation, place):
    return {p["name"] for p in operation["parameters"] if p["in"] == place}


def test_everyone_reads_it_at_its_address(stranger):
    response = stranger.get(ADDRESS)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    document = response.json()
    assert document["openapi"] == "3.1.0"
    assert [*document["paths"]] == [*PATHS]
    assert len(operations(document)) == len(OPERATIONS) == 13


def test_it_is_valid(document):
    assert [*OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_command_of_the_library_makes_it_without_a_warning(capsys):
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    assert f"/{COLLECTION}:" in out.getvalue()  # YAML
    assert capsys.readouterr().err == ""


def test_every_route_of_the_api_is_described():
    described = {resolve(path, ROUTES).func for path in PATHS}
    for pattern in get_resolver(ROUTES).url_patterns:
        if pattern.callback is not segment_not_offered:
            assert pattern.callback in described, pattern


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", RECORDS, f"deviceManagement.List{STATES}"),
        ("post", RECORDS, f"deviceManagement.Create{STATES}"),
        ("get", RECORD, f"deviceManagement.Get{STATES}"),
        ("patch", RECORD, f"deviceManagement.Update{STATES}"),
        ("delete", RECORD, f"deviceManagement.Delete{STATES}"),
    ],
)
def test_operations_have_graphs_names(document, method, path, name):
    operation = document["paths"][path][method]
    assert operation["operationId"] == name
    assert operation["tags"] == ["deviceManagement.managedAllDeviceCertificateState"]


def test_properties_come_from_the_model(document):
    properties = schema(document, ENTITY)["properties"]
    described = {n: s for n, s in properties.items() if not n.startswith("@")}
    columns = {
        camel_case(column.name): column
        for column in State._meta.fields
        if column.editable
    }
    assert described.keys() == columns.keys()
    for name, column in columns.items():
        assert described[name]["description"] == column.help_text
        assert ("null" in described[name].get("type", "")) is column.null, name
        assert described[name].get("maxLength") == column.max_length, name
    assert described["certificateExpirationDateTime"]["format"] == "date-time"
    assert described["certificateKeyUsages"]["maximum"] == 2**31 - 1
    assert described["certificateKeyUsages"]["minimum"] == -(2**31)
    status = described["certificateRevokeStatus"]["$ref"].rpartition("/")[2]
    assert status == "microsoft.graph.certificateRevocationStatus"
    names = [member.wire_name for member in RevocationStatus]
    assert schema(document, status)["enum"] == names


def test_what_a_post_must_name_follows_the_setting(stranger, settings):
    required = {}
    for setting in ("documented", "metadata"):
        settings.CREATE_REQUIRES = setting
        document = stranger.get(ADDRESS).json()
        required[setting] = {*schema(document, f"{ENTITY}Create")["required"]}
        assert "required" not in schema(document, f"{ENTITY}Update")
    assert required["documented"] == {*examples.CREATE} - {"@odata.type"}
    assert required["metadata"] == {
        "certificateRevokeStatus",
        "certificateExpirationDateTime",
        "certificateIssuanceDateTime",
    }


@pytest.mark.parametrize(
    ("method", "path", "view", "action"),
    [
        ("get", RECORDS, CertificateStateViewSet, "list"),
        ("post", RECORDS, CertificateStateViewSet, "create"),
        ("get", f"{RECORDS}/$count", CertificateStateViewSet, "count"),
        ("get", f"{RECORDS}/delta()", DeltaViewSet, "delta"),
        ("get", RECORD, CertificateStateViewSet, "retrieve"),
        ("patch", RECORD, CertificateStateViewSet, "partial_update"),
        ("delete", RECORD, CertificateStateViewSet, "destroy"),
        ("get", "/$metadata", MetadataView, "get"),
        ("post", "/$batch", BatchView, "post"),
    ],
)
def test_query_options_are_those_that_the_view_offers(
    document, method, path, view, action
):
    operation = document["paths"][path][method]
    offered = view.offered.get(action, frozenset())
    assert names_of(operation, "query") == {f"${name}" for name in offered}


def test_an_option_that_is_added_to_the_code_appears_by_itself(monkeypatch):
    offered = {"list": frozenset({"top", "invented"})}
    monkeypatch.setattr(CertificateStateViewSet, "offered", offered)
    document = json.loads(document_for.__wrapped__("", "documented").body)
    found = document["paths"][RECORDS]["get"]
    assert names_of(found, "query") == {"$top", "$invented"}


def test_limits_come_from_the_code(document):
    page = schema(document, f"{ENTITY}CollectionResponse")
    assert page["properties"]["value"]["maxItems"] == PAGE_SIZE
    [top] = (
        p
        for p in document["paths"][RECORDS]["get"]["parameters"]
        if p["name"] == "$top"
    )
    assert str(PAGE_SIZE) in top["description"]
    batch = schema(document, "microsoft.graph.batchRequest")
    assert batch["properties"]["requests"]["maxItems"] == MOST_ITEMS


def test_each_operation_says_which_scope_a_token_needs(document):
    for (method, path), operation in operations(document).items():
        scopes = [s for need in operation["security"] for s in need["bearer"]]
        expected = [READ, READ_WRITE] if method == "get" else [READ_WRITE]
        if path == "/$batch":
            expected = [READ, READ_WRITE]
        if path in ("/", "/$metadata"):
            expected = []
        assert scopes == expected, path
        assert ("401" in operation["responses"]) is bool(expected)
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert READ in scheme["description"]
    assert READ_WRITE in scheme["description"]


@pytest.mark.parametrize(
    ("public_url", "urls"),
    [
        ("", ["/beta", "/v1.0", "/"]),
        (
            "https://certs.example/graph/",
            [
                "https://certs.example/graph/beta",
                "https://certs.example/graph/v1.0",
                "https://certs.example/graph",
            ],
        ),
    ],
)
def test_the_servers_are_the_service_roots(stranger, settings, public_url, urls):
    settings.PUBLIC_URL = public_url
    document = stranger.get(ADDRESS).json()
    assert [server["url"] for server in document["servers"]] == urls


def test_every_error_code_has_an_example_in_the_words_of_the_code(document):
    shown = document["components"]["examples"]
    raised = {error.default_code for error in errors.GraphError.__subclasses__()}
    assert shown.keys() == raised | {*errors.CODES.values()}
    for code, example in shown.items():
        assert example["value"]["error"]["code"] == code
    for error in (errors.Conflict, errors.SyncStateNotFound, errors.NotAcceptable):
        message = shown[error.default_code]["value"]["error"]["message"]
        assert message == error.default_detail
    [unknown, wrong] = sorted(
        shown["ModelValidationFailure"]["value"]["error"]["details"],
        key=lambda detail: detail["target"],
        reverse=True,
    )
    assert unknown["code"] == "UnknownProperty"
    assert wrong["code"] == "TypeMismatch"


def test_every_operation_lists_its_refusals(document):
    for (method, path), operation in operations(document).items():
        answers = operation["responses"]
        assert {"400", "405", "412", "414", "500", "501"} <= answers.keys(), path
        assert ("requestBody" in operation) == ({"413", "415"} <= answers.keys())
        is_counted = bool(operation["security"]) and not path.endswith("$batch")
        assert ("429" in answers) == is_counted, path
        assert ("409" in answers) == (path == RECORDS and method == "post")
        assert ("410" in answers) == path.endswith("delta()")
        for status, answer in answers.items():
            if int(status) >= 400:
                assert answer["$ref"].startswith("#/components/responses/"), status


def test_its_example_of_a_request_is_answered_as_its_example_of_an_answer(
    operator, document
):
    create = document["paths"][RECORDS]["post"]
    body = create["requestBody"]["content"]["application/json"]["example"]
    shown = create["responses"]["201"]["content"]["application/json"]["example"]
    answer = operator.post(URL, body, content_type="application/json").json()
    assert [*answer] == [*shown]
    for name in body:
        assert answer[name] == shown[name], name


def test_it_is_made_once_and_then_costs_next_to_nothing(stranger):
    response = stranger.get(ADDRESS)
    made = document_for.cache_info().misses
    for _ in range(50):
        assert stranger.get(ADDRESS).status_code == 200
    assert document_for.cache_info().misses == made
    etag = response.headers["ETag"]
    assert response.headers["Cache-Control"] == "no-cache"
    again = stranger.get(ADDRESS, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""


def test_requests_do_not_wait_for_the_library():
    """The library is loaded by the first who asks for the description."""
    import subprocess
    import sys

    code = (
        "import sys, django; django.setup();"
        "from django.urls import resolve; resolve('/beta/deviceManagement');"
        "print('drf_spectacular.openapi' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parent.parent,
        env={
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "SECRET_KEY": "for this test",
        },
        text=True,
    )
    assert found.stdout.strip() == "False"
