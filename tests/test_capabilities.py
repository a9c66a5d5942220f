"""What $metadata promises, and whether the API keeps it."""

import dataclasses
import xml.etree.ElementTree as ET

import pytest

from certstates import service_views
from certstates.addresses import NAVIGATION
from certstates.odata.metadata import as_xml, model_document
from certstates.odata.options import SYSTEM_OPTIONS
from certstates.permissions import READ, READ_WRITE
from tests.csdl import as_csdl_json
from tests.make import URL

COLLECTION = f"graph.GraphService/deviceManagement/{NAVIGATION}"
STATE = "managedAllDeviceCertificateState"
EVERYTHING = {
    "options": SYSTEM_OPTIONS,
    "write_options": frozenset(["select"]),
    "filter_functions": ("startswith", "contains"),
    "unsupported_search": ("NOT", "group"),
    "delta": True,
    "max_batch_size": 20,
}


def offering(**facts):
    """Return the model of a server that offers something else."""
    return model_document(dataclasses.replace(service_views.capabilities(), **facts))


def model_of(client):
    return client.get("/beta/$metadata?$format=json").json()


def words_on(model, target=COLLECTION):
    """Return the annotations of a target without the vocabularies' names."""
    found = model["microsoft.graph"]["$Annotations"][target]
    return {term.partition(".")[2]: value for term, value in found.items()}


@pytest.mark.parametrize("facts", [{}, EVERYTHING], ids=["today", "everything"])
def test_xml_and_json_promise_the_same(facts):
    model = offering(**facts)
    assert as_csdl_json(ET.fromstring(as_xml(model))) == model.json


def test_the_permissions_are_the_scopes_that_the_api_demands(stranger):
    words = words_on(model_of(stranger))
    scopes = {
        term: [s["Scope"] for p in words[term]["Permissions"] for s in p["Scopes"]]
        for term in words
        if "Permissions" in str(words[term])
    }
    assert scopes == {
        "ReadRestrictions": [READ, READ_WRITE],
        "InsertRestrictions": [READ_WRITE],
        "UpdateRestrictions": [READ_WRITE],
        "DeleteRestrictions": [READ_WRITE],
    }


@pytest.mark.parametrize(
    ("option", "term", "ability"),
    [
        ("top", "TopSupported", None),
        ("skip", "SkipSupported", None),
        ("compute", "ComputeSupported", None),
        ("count", "CountRestrictions", "Countable"),
        ("filter", "FilterRestrictions", "Filterable"),
        ("orderby", "SortRestrictions", "Sortable"),
        ("search", "SearchRestrictions", "Searchable"),
        ("select", "SelectSupport", "Supported"),
    ],
)
def test_an_option_is_promised_just_if_it_is_offered(option, term, ability):
    for offered in (True, False):
        options = frozenset([option] if offered else [])
        words = words_on(offering(options=options).json)
        assert (words[term][ability] if ability else words[term]) is offered


def test_the_options_promised_are_those_of_the_collection(db, reader):
    words = words_on(model_of(reader))
    promised = {
        "$top": words["TopSupported"],
        "$skip": words["SkipSupported"],
        "$select": words["SelectSupport"]["Supported"],
        "$orderby": words["SortRestrictions"]["Sortable"],
        "$filter": words["FilterRestrictions"]["Filterable"],
    }
    examples = {
        "$top": "1",
        "$skip": "0",
        "$select": "id",
        "$orderby": "id",
        "$filter": "id eq 'a'",
    }
    answers = {
        option: reader.get(URL, {option: example}).status_code == 200
        for option, example in examples.items()
    }
    assert promised == answers


def test_the_functions_of_filter_are_listed_if_there_are_any():
    assert "FilterFunctions" not in words_on(offering(filter_functions=()).json)
    words = words_on(offering(filter_functions=("startswith", "contains")).json)
    assert words["FilterFunctions"] == ["contains", "startswith"]


@pytest.mark.parametrize(
    ("unsupported", "said"), [((), "none"), (("NOT", "group"), "NOT,group")]
)
def test_a_search_says_what_it_does_not_understand(unsupported, said):
    model = offering(options=frozenset(["search"]), unsupported_search=unsupported)
    assert words_on(model.json)["SearchRestrictions"] == {
        "Searchable": True,
        "UnsupportedExpressions": said,
    }


def test_the_size_of_a_batch_is_told():
    container = offering(max_batch_size=20).json["microsoft.graph"]["GraphService"]
    assert container["@Capabilities.BatchSupported"] is True
    assert "20" in container["@Capabilities.BatchSupport"]["@Core.Description"]
    container = offering(max_batch_size=0).json["microsoft.graph"]["GraphService"]
    assert container["@Capabilities.BatchSupported"] is False


def test_delta_is_a_function_of_the_collection_if_it_is_offered():
    assert "delta" not in offering(delta=False).json["microsoft.graph"]
    [function] = offering(delta=True).json["microsoft.graph"]["delta"]
    of_states = {"$Collection": True, "$Type": f"graph.{STATE}"}
    assert function == {
        "$Kind": "Function",
        "$IsBound": True,
        "$Parameter": [{"$Name": "bindingParameter", **of_states}],
        "$ReturnType": of_states,
    }


@pytest.mark.parametrize("requires", ["documented", "metadata"])
def test_the_required_properties_are_those_that_a_create_demands(
    operator, settings, requires
):
    settings.CREATE_REQUIRES = requires
    insert = words_on(model_of(operator))["InsertRestrictions"]
    demanded = operator.create({}).json()["error"]["details"]
    assert insert["RequiredProperties"] == [detail["target"] for detail in demanded]
    assert len(demanded) == (11 if requires == "documented" else 3)


def test_what_is_never_offered_is_said(stranger):
    words = words_on(model_of(stranger))
    assert words["UpdateRestrictions"]["Upsertable"] is False
    assert words["UpdateRestrictions"]["UpdateMethod"] == "PATCH"
    container = model_of(stranger)["microsoft.graph"]["GraphService"]
    assert container["@Core.ODataVersions"] == "4.0 4.01"
    assert container["@Capabilities.AsynchronousRequestsSupported"] is False
    assert container["@Capabilities.CrossJoinSupported"] is False
    singleton = container["deviceManagement"]
    assert singleton["@Capabilities.UpdateRestrictions"] == {"Updatable": False}
    assert singleton["@Capabilities.DeleteRestrictions"] == {"Deletable": False}


def test_what_the_container_says_stands_where_graph_has_it_too():
    model = offering().json
    type_of_graph = f"graph.deviceManagement/{NAVIGATION}"
    assert words_on(model, type_of_graph) == words_on(model)
