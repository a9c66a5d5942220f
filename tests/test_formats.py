"""JSON with less or more control information; versions of OData."""

import pytest

from certstates.addresses import COLLECTION
from certstates.headers import UNREADABLE, make_readable
from tests.effort import ended_at_once
from tests.make import ROOT, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db

CONTENT_TYPE = (
    "application/json;odata.metadata={};odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)
TYPE = "#microsoft.graph.managedAllDeviceCertificateState"


def accepting(level):
    return {"Accept": f"application/json;odata.metadata={level}"}


def test_without_metadata_only_what_paging_needs_is_left(reader):
    make_state(id="a")
    make_state(id="b")
    response = reader.get(f"{URL}?$top=1&$count=true", headers=accepting("none"))
    assert response.headers["Content-Type"] == CONTENT_TYPE.format("none")
    assert [*response.json()] == ["@odata.count", "@odata.nextLink", "value"]
    entity = reader.read("a", headers=accepting("none")).json()
    assert [name for name in entity if "@" in name] == []


def test_full_metadata_says_where_a_record_is_and_what_its_values_are(operator):
    created = operator.create(make_body(id="a b"), headers=accepting("full"))
    assert created.headers["Content-Type"] == CONTENT_TYPE.format("full")
    entity = created.json()
    address = f"{ROOT}beta/{COLLECTION}/a%20b"
    assert entity["@odata.context"].endswith("/$entity")
    assert entity["@odata.type"] == TYPE
    assert entity["@odata.id"] == address
    assert entity["@odata.editLink"] == address
    assert entity["@odata.readLink"] == address
    assert entity["@odata.etag"] == created.headers["ETag"]
    assert entity["certificateKeyUsages@odata.type"] == "#Int32"
    assert entity["certificateExpirationDateTime@odata.type"] == "#DateTimeOffset"
    assert entity["certificateRevokeStatus@odata.type"] == (
        "#microsoft.graph.certificateRevocationStatus"
    )
    assert "userPrincipalName@odata.type" not in entity
    [item] = operator.get(URL, headers=accepting("full")).json()["value"]
    assert item == {n: v for n, v in entity.items() if n != "@odata.context"}


def test_full_metadata_can_be_sent_back_as_it_came(operator):
    entity = operator.create(make_body(id="a"), headers=accepting("full")).json()
    assert operator.change("a", entity).status_code == 200


def test_full_metadata_of_selected_properties(reader):
    make_state(id="a", certificate_key_usages=None)
    response = reader.get(
        f"{URL}?$select=certificateKeyUsages", headers=accepting("full")
    )
    [item] = response.json()["value"]
    assert item["certificateKeyUsages"] is None
    assert "certificateKeyUsages@odata.type" not in item
    assert "id" not in item
    assert item["@odata.id"].endswith("/a")


@pytest.mark.parametrize(
    ("accept", "level"),
    [
        ("", "minimal"),
        ("*/*", "minimal"),
        ("application/*", "minimal"),
        ("application/json", "minimal"),
        ("APPLICATION/JSON", "minimal"),
        ("application/json;metadata=full", "full"),
        ("application/json;ODATA.METADATA=FULL", "full"),
        ("application/json;odata.metadata=none;q=0.5, text/html", "none"),
        ("application/json;q=0.5, application/json;odata.metadata=full", "full"),
        ("application/xml;q=1.0, application/json;q=0.1", "minimal"),
        ("application/json;odata.metadata=odd, application/json;q=0.2", "minimal"),
        ("application/json;odata.streaming=true;charset=utf-8", "minimal"),
        ("application/atomsvc+xml;q=0.8, application/json;q=0.5, */*;q=0.1", "minimal"),
    ],
)
def test_the_level_is_what_the_client_likes_best(reader, accept, level):
    response = reader.get(URL, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == CONTENT_TYPE.format(level)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml",
        "application/json;q=0",
        "application/json;odata.metadata=odd",
        "application/json;odata=verbose",
        "application/json;IEEE754Compatible=maybe",
    ],
)
def test_what_is_not_json_is_not_acceptable(reader, accept):
    error_of(reader.get(URL, headers={"Accept": accept}), 406, "NotAcceptable")


@pytest.mark.parametrize(
    ("option", "level"),
    [
        ("json", "minimal"),
        ("JSON", "minimal"),
        ("application/json", "minimal"),
        ("application/json;odata.metadata=full", "full"),
    ],
)
def test_format_overrides_accept(reader, option, level):
    query = {"$format": option}
    response = reader.get(URL, query, headers={"Accept": "text/html"})
    assert response.headers["Content-Type"] == CONTENT_TYPE.format(level)


@pytest.mark.parametrize("option", ["xml", "atom", "text/html", "application/xml"])
def test_another_format_is_not_acceptable(reader, option):
    error = error_of(reader.get(URL, {"$format": option}), 406, "NotAcceptable")
    assert error["target"] == "$format"


def test_an_empty_format_is_a_bad_request(reader):
    error_of(reader.get(URL, {"$format": ""}), 400, "BadRequest")


def test_a_count_is_a_string_for_clients_that_cannot_hold_it(reader):
    accept = "application/json;IEEE754Compatible=true"
    make_state(id="a", certificate_key_usages=7)
    page = reader.get(f"{URL}?$count=true", headers={"Accept": accept})
    assert "IEEE754Compatible=true" in page.headers["Content-Type"]
    assert page.json()["@odata.count"] == "1"
    assert page.json()["value"][0]["certificateKeyUsages"] == 7


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({}, "4.0"),
        ({"OData-Version": "4.01"}, "4.0"),
        ({"OData-MaxVersion": "4.0"}, "4.0"),
        ({"OData-MaxVersion": "4.01"}, "4.01"),
        ({"OData-MaxVersion": "5.0"}, "4.01"),
        ({"MaxDataServiceVersion": "3.0", "OData-MaxVersion": "4.0"}, "4.0"),
    ],
)
def test_the_version_of_an_answer_is_one_that_the_client_reads(
    reader, headers, version
):
    response = reader.get(URL, headers=headers)
    assert response.status_code == 200
    assert response.headers["OData-Version"] == version


@pytest.mark.parametrize(
    "headers",
    [
        {"OData-MaxVersion": "3.0"},
        {"OData-MaxVersion": "4"},
        {"OData-MaxVersion": "x"},
        {"OData-MaxVersion": ""},
        {"OData-Version": "3.0"},
        {"OData-Version": "4.02"},
    ],
)
def test_another_version_is_a_bad_request(reader, headers):
    response = reader.get(URL, headers=headers)
    assert next(iter(headers)) in error_of(response, 400, "BadRequest")["message"]


ENDLESS = 'application/json;x="' + ";" * 200_000


@pytest.mark.parametrize("header", ["Accept", "Content-Type"])
def test_an_endless_media_type_is_refused_at_once(header):
    environ = {"Accept": "HTTP_ACCEPT", "Content-Type": "CONTENT_TYPE"}
    sent = {environ[header]: ENDLESS}
    with ended_at_once():
        make_readable(sent)
        assert sent == {environ[header]: UNREADABLE[environ[header]]}


@pytest.mark.parametrize("option", ["application/json;a*=bogus''x", ENDLESS[:5_000]])
def test_a_format_that_nobody_can_read_is_not_acceptable(stranger, reader, option):
    for client, path in ((stranger, "/beta/"), (reader, URL)):
        error_of(client.get(path, {"$format": option}), 406, "NotAcceptable")


def test_json_can_be_excluded(reader):
    response = reader.get(URL, headers={"Accept": "application/json;q=0, */*"})
    assert error_of(response, 406, "NotAcceptable")["target"] == "Accept"
