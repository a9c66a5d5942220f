"""$metadata: the model and what the API offers, in XML and in JSON alike."""

import xml.etree.ElementTree as ET

import pytest

from certstates import service_views
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from tests.csdl import EDM, EDMX, as_csdl_json
from tests.make import ApiClient, error_of, make_body

URL = "/beta/$metadata"
STATE = "managedAllDeviceCertificateState"
NAVIGATION = "deviceConfigurationsAllManagedDeviceCertificateStates"
STATUS = "graph.certificateRevocationStatus"
DATE = {"Type": "Edm.DateTimeOffset", "Nullable": "false", "Precision": "6"}
NAME = {"Type": "Edm.String", "MaxLength": "4096"}
DIGITS = {"Type": "Edm.String", "MaxLength": "255"}

# As Graph has them, but for the limits, which are this server's own.
PROPERTIES = {
    "certificateExpirationDateTime": DATE,
    "certificateExtendedKeyUsages": NAME,
    "certificateIssuanceDateTime": DATE,
    "certificateIssuerName": NAME,
    "certificateKeyUsages": {"Type": "Edm.Int32"},
    "certificateRevokeStatus": {"Type": STATUS, "Nullable": "false"},
    "certificateRevokeStatusLastChangeDateTime": DATE,
    "certificateSerialNumber": DIGITS,
    "certificateSubjectName": NAME,
    "certificateThumbprint": DIGITS,
    "managedDeviceDisplayName": NAME,
    "userPrincipalName": NAME,
}


def document(client, **options):
    return ET.fromstring(client.get(URL, **options).content)


def json_of(client):
    return client.get(f"{URL}?$format=json").json()


def test_everyone_reads_the_model_as_xml(stranger):
    response = stranger.get(URL)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml;charset=utf-8"
    assert response.headers["OData-Version"] == "4.0"
    assert response.headers["request-id"]
    root = ET.fromstring(response.content)
    assert root.tag == f"{EDMX}Edmx"
    assert root.attrib == {"Version": "4.0"}
    [schema] = root.findall(f"{EDMX}DataServices/{EDM}Schema")
    assert schema.attrib == {"Namespace": "microsoft.graph", "Alias": "graph"}


def test_the_entity_has_graphs_twelve_properties(stranger):
    [state] = document(stranger).iterfind(f".//{EDM}EntityType[@Name='{STATE}']")
    assert state.attrib == {"Name": STATE, "BaseType": "graph.entity"}
    found = {
        element.attrib.pop("Name"): element.attrib
        for element in state.iter(f"{EDM}Property")
    }
    assert found == PROPERTIES


def test_the_key_is_inherited(stranger):
    [entity] = document(stranger).iterfind(f".//{EDM}EntityType[@Name='entity']")
    assert entity.attrib == {"Name": "entity", "Abstract": "true"}
    [key] = entity.iterfind(f"{EDM}Key/{EDM}PropertyRef")
    assert key.attrib == {"Name": "id"}
    [id] = entity.iterfind(f"{EDM}Property")
    assert id.attrib == {
        "Name": "id", "Type": "Edm.String", "Nullable": "false", "MaxLength": "255"
    }  # fmt: skip


def test_the_enumeration_has_graphs_numbers(stranger):
    [status] = document(stranger).iterfind(f".//{EDM}EnumType")
    assert status.attrib == {"Name": "certificateRevocationStatus"}
    members = {m.attrib["Name"]: m.attrib["Value"] for m in status.iter(f"{EDM}Member")}
    assert members == {
        "none": "0", "pending": "1", "issued": "2", "failed": "3", "revoked": "4"
    }  # fmt: skip


def test_the_collection_is_contained_in_the_singleton(stranger):
    root = document(stranger)
    [management] = root.iterfind(f".//{EDM}EntityType[@Name='deviceManagement']")
    [navigation] = management.iterfind(f"{EDM}NavigationProperty")
    assert navigation.attrib == {
        "Name": NAVIGATION,
        "Type": f"Collection(graph.{STATE})",
        "ContainsTarget": "true",
    }
    [container] = root.iter(f"{EDM}EntityContainer")
    assert container.attrib == {"Name": "GraphService"}
    [singleton] = container.iterfind(f"{EDM}Singleton")
    assert singleton.attrib == {
        "Name": "deviceManagement", "Type": "graph.deviceManagement"
    }  # fmt: skip


def test_every_vocabulary_in_use_is_referenced(stranger):
    root = document(stranger)
    included = {i.attrib["Alias"] for i in root.iter(f"{EDMX}Include")}
    terms = {a.attrib["Term"] for a in root.iter(f"{EDM}Annotation")}
    assert {term.partition(".")[0] for term in terms} == included
    assert included == {"Core", "Capabilities"}


def test_the_roots_and_formats_describe_one_model(stranger):
    for root in ("/beta/", "/v1.0/", "/"):
        xml = stranger.get(f"{root}$metadata")
        assert xml.content == stranger.get(URL).content
        json = stranger.get(f"{root}$metadata?$format=json")
        assert json.headers["Content-Type"] == "application/json;charset=utf-8"
        assert json.json() == as_csdl_json(ET.fromstring(xml.content))


XML, JSON = "application/xml", "application/json"


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        (None, "", XML),
        ("", "", XML),
        ("*/*", "", XML),
        ("application/*", "", XML),
        ("application/json", "", JSON),
        ("Application/JSON", "", JSON),
        ("application/json;odata.metadata=minimal;odata.streaming=true", "", JSON),
        ("application/json, */*;q=0.1", "", JSON),
        ("application/xml;q=0.2, application/json;q=0.9", "", JSON),
        ("application/xml, application/json", "", XML),
        ("application/xml;q=0, */*", "", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", XML),
        ("application/json;q=1.0,application/xml;q=0.3,application/atomsvc+xml;q=0.8",
         "", JSON),
        ("application/json", "$format=xml", XML),
        ("image/png", "$format=json", JSON),
        (None, "format=json", JSON),
        (None, "%24FORMAT=JSON", JSON),
        (None, "$format=application/xml", XML),
        (None, "$format=application/json;odata.metadata=minimal", JSON),
        (None, "$format=json&custom=1", JSON),
    ],
)  # fmt: skip
def test_the_format_is_negotiated(stranger, accept, query, kind):
    headers = {} if accept is None else {"Accept": accept}
    response = stranger.get(f"{URL}?{query}", headers=headers)
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == f"{kind};charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "query"),
    [
        ("image/png", ""),
        ("application/json;q=0", ""),
        ("text/*", ""),
        ("*/*", "$format=atom"),
        ("*/*", "$format=*/*"),
        ("application/json", "$format=text/xml"),
    ],
)
def test_another_format_is_not_acceptable(stranger, accept, query):
    response = stranger.get(f"{URL}?{query}", headers={"Accept": accept})
    error = error_of(response, 406, "NotAcceptable")
    assert "application/xml or application/json" in error["message"]


@pytest.mark.parametrize(
    ("query", "target", "status", "code"),
    [
        ("$fromat=json", "$fromat", 400, "BadRequest"),
        ("$format=json&format=json", "format", 400, "BadRequest"),
        ("$top=1", "$top", 501, "NotImplemented"),
        ("$schemaversion=1", "$schemaversion", 501, "NotImplemented"),
    ],
)
def test_other_options_are_refused_by_name(stranger, query, target, status, code):
    response = stranger.get(f"{URL}?{query}")
    assert error_of(response, status, code)["target"] == target


@pytest.mark.parametrize("token", ["unknown", "not a token"])
def test_a_wrong_token_does_not_matter(token):
    assert ApiClient(token).get(URL).status_code == 200


@pytest.mark.parametrize(
    "path", ["/beta/%24metadata", "/beta/$metadata/", "/beta/$METADATA"]
)
def test_its_address_is_read_as_generously_as_others(stranger, path):
    assert stranger.get(path).status_code == 200


def test_it_can_only_be_read(stranger):
    assert stranger.head(URL).content == b""
    assert stranger.head(URL).headers["Content-Type"].startswith("application/xml")
    response = stranger.options(URL)
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "PATCH", "DELETE", "INVENTED"):
        response = stranger.generic(method, URL)
        error_of(response, 405, "MethodNotAllowed")
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_the_help_texts_of_the_model_are_the_descriptions(stranger):
    [state] = document(stranger).iterfind(f".//{EDM}EntityType[@Name='{STATE}']")
    found = [
        element.find(f"{EDM}Annotation[@Term='Core.Description']").attrib["String"]
        for element in state.iter(f"{EDM}Property")
    ]
    fields = [f for f in State._meta.get_fields() if f.help_text and f.name != "id"]
    assert found == [field.help_text for field in fields]
    labels = [m.label for m in RevocationStatus]
    status = document(stranger).iterfind(f".//{EDM}Member/{EDM}Annotation")
    assert [annotation.attrib["String"] for annotation in status] == labels


@pytest.fixture
def anew():
    """Let the server look at the model again, and forget afterwards what it saw."""
    service_views.model_in.cache_clear()
    yield
    service_views.model_in.cache_clear()


def test_a_change_of_the_model_shows(stranger, monkeypatch, anew):
    words = "Letters < & > \" ' ä € 💻"
    thumbprint = State._meta.get_field("certificate_thumbprint")
    monkeypatch.setattr(thumbprint, "help_text", words)
    monkeypatch.setattr(thumbprint, "max_length", 77)
    root = document(stranger)
    [found] = root.iterfind(f".//{EDM}Property[@Name='certificateThumbprint']")
    assert found.attrib["MaxLength"] == "77"
    assert found[0].attrib == {"Term": "Core.Description", "String": words}
    assert as_csdl_json(root) == json_of(stranger)


def test_what_the_server_supplies_has_a_computed_default(stranger):
    supplied = [
        element.attrib["Name"]
        for element in document(stranger).iter(f"{EDM}Property")
        if element.find(f"{EDM}Annotation[@Term='Core.ComputedDefaultValue']")
        is not None
    ]
    assert supplied == ["id", "certificateRevokeStatusLastChangeDateTime"]


def test_every_property_that_it_names_is_answered(db, operator, stranger):
    schema = json_of(stranger)["microsoft.graph"]
    declared = {*schema[STATE], *schema["entity"]}
    entity = operator.create(make_body()).json()
    assert {n for n in declared if n[0].isalpha()} == {
        n for n in entity if "@" not in n
    }
