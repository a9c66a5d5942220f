"""One list says what a request may touch, and every other name is nothing at all.

Whether a name is that of a column, a lookup, a relation, an attribute of Python's or a
word that means nothing: the answer is the same, by the same number of queries, but for
the name itself. So nobody learns what the tables hold by asking for it.
"""

import json
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates import exporter
from certstates.admin.columns import COLUMNS
from certstates.models import FIELDS, camel_case, in_any_case, lookups
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata import properties
from certstates.odata.ordering import parse_ordering
from certstates.odata.representation import IDENTITY
from certstates.serializers import CertificateStateSerializer
from certstates.sources import names
from tests.batches import BODY_IS_JSON, ask, responses_of
from tests.gate import ALIKE, HIDDEN, SQL, assert_same, nonsense, without
from tests.make import URL, make_body, make_state

pytestmark = pytest.mark.django_db

GATE = State.GRAPH_PROPERTIES
PUBLIC = [camel_case(name) for name in GATE]

# --- The list, and who derives from it -----------------------------------------------


def test_every_door_has_the_properties_of_the_one_list():
    assert CertificateStateSerializer.Meta.fields is GATE
    assert [*CertificateStateSerializer().fields] == PUBLIC
    assert [p.field for p in properties.PROPERTIES.values()] == [*GATE]
    assert [p.name for p in properties.PROPERTIES.values()] == PUBLIC
    assert [*exporter.HEADERS] == PUBLIC
    assert [*names.FIELDS] == [*names.PROPERTIES.values()] == PUBLIC


def test_what_looks_at_less_or_at_more_is_held_beside_the_list():
    searched = {"id", "certificate_subject_name", *lookups.DIGITS}
    assert {*searched, *lookups.NAMES.values()} < {*GATE}
    assert {*FIELDS} == {*GATE} - {"id"} | {"created_at"}  # to bring a record back
    assert {*IDENTITY} - {*GATE} == {"version"}  # the ETag
    for column in COLUMNS:  # what the list sorts by is an $orderby
        assert parse_ordering(column.admin_order_field, {}).keys


def test_what_the_table_has_besides_is_known():
    columns = {field.name for field in State._meta.get_fields()}
    assert columns - {*GATE} == {"version", "created_at", "updated_at"}
    assert not set(map(in_any_case, HIDDEN)) & set(map(in_any_case, PUBLIC))


@pytest.mark.parametrize("name", ALIKE)
def test_letters_that_only_look_alike_are_others(name):
    assert properties.find(name) is None
    assert names.property_of(name) is None


@pytest.mark.parametrize("name", PUBLIC)
def test_a_property_is_known_in_any_case(name):
    for spelled in (name, name.upper(), name.lower(), name.swapcase()):
        assert properties.find(spelled).name == name


# --- The API -------------------------------------------------------------------------

RECORD_URL = f"{URL}/a"


def listed(option, form):
    def door(client, name):
        return client.get(URL, {option: form.format(name)})

    return door


DOORS = {
    "filter": listed("$filter", "{} eq 1"),
    "filter alone": listed("$filter", "{}"),
    "filter in a function": listed("$filter", "contains({},'a')"),
    "filter behind not": listed("$filter", "not ({} eq null)"),
    "filter on the right": listed("$filter", "id eq {}"),
    "filter in a list": listed("$filter", "id in ('a',{})"),
    "filter of a path": listed("$filter", "{}/password eq 'a'"),
    "filter at the end of a path": listed("$filter", "id/{} eq 'a'"),
    "filter by any": listed("$filter", "{}/any(x: x eq 1)"),
    "filter by a function": listed("$filter", "{}(id) eq 1"),
    "filter by an alias": lambda client, name: client.get(
        URL, {"$filter": "@a eq 1", "@a": name}
    ),
    "count by filter": lambda client, name: client.get(
        f"{URL}/$count", {"$filter": f"{name} eq 1"}
    ),
    "orderby": listed("$orderby", "{}"),
    "orderby down": listed("$orderby", "id desc,{} desc"),
    "orderby a function": listed("$orderby", "tolower({})"),
    "select": listed("$select", "{}"),
    "select more": listed("$select", "id,{}"),
    "select a path": listed("$select", "{}/id"),
    "select with options": listed("$select", "{}($top=1)"),
    "select of a record": lambda client, name: client.get(
        RECORD_URL, {"$select": name}
    ),
    "expand": listed("$expand", "{}"),
    "search": listed("$search", "{}"),
    "search with a colon": listed("$search", "{}:1"),
    "search in quotes": listed("$search", '"{}:1"'),
    "option": lambda client, name: client.get(URL, {name: "1"}),
    "system option": lambda client, name: client.get(URL, {f"${name}": "1"}),
    "delta": lambda client, name: client.get(f"{URL}/delta", {"$select": name}),
    "property": lambda client, name: client.get(f"{RECORD_URL}/{quote(name)}"),
    "value": lambda client, name: client.get(f"{RECORD_URL}/{quote(name)}/$value"),
    "property of no record": lambda client, name: client.get(f"{URL}/b/{quote(name)}"),
    "create": lambda client, name: client.create(make_body(**{name: 1})),
    "create with null": lambda client, name: client.create(make_body(**{name: None})),
    "create and select": lambda client, name: client.post(
        f"{URL}?$select={quote(name)}", make_body(), content_type="application/json"
    ),
    "change": lambda client, name: client.change("a", {name: 1}),
    "change with more": lambda client, name: client.change(
        "a", {"userPrincipalName": "new", name: "x"}
    ),
    "annotation": lambda client, name: client.change("a", {f"{name}@odata.type": "#x"}),
    "binding": lambda client, name: client.change("a", {f"{name}@odata.bind": "x"}),
    "preference": lambda client, name: client.get(
        URL, headers={"Prefer": f"{quote(name)}=1, return={quote(name)}"}
    ),
}


@pytest.fixture
def record(operator):
    return make_state(id="a")


@pytest.mark.parametrize("clause", DOORS)
def test_a_hidden_name_is_answered_as_an_unknown_one(operator, record, clause):
    for name in HIDDEN:
        if resembles(clause, name):
            answer = operator.get(URL, {"$search": f'"{name}:1"'})
            assert "did you mean" in answer.text, name
        else:
            assert_same(lambda named: DOORS[clause](operator, named), name)


def resembles(clause, name):
    """Say whether a search takes a name for a misspelled property, a public one."""
    letters = in_any_case(name).replace("_", "")
    public = [in_any_case(known) for known in PUBLIC]
    alike = [known for known in public if letters.startswith(known) and known != "id"]
    return clause == "search in quotes" and bool(alike) and "isnull" not in name


@pytest.mark.parametrize(
    "clause",
    ["filter", "orderby", "select", "property", "value", "create", "change", "delta"],
)
def test_a_name_that_only_looks_like_a_property_is_none(operator, record, clause):
    for name in ALIKE:
        assert DOORS[clause](operator, name).status_code == 400, name


@pytest.mark.parametrize(
    "clause",
    ["filter alone", "orderby", "select", "delta", "create", "change", "expand"],
)
def test_what_is_no_name_at_all_reaches_no_statement(operator, record, clause):
    for text in SQL:
        with CaptureQueriesContext(connection) as captured:
            response = DOORS[clause](operator, text)
        assert response.status_code in (400, 501), (text, response.content)
        assert not [q for q in captured if text in q["sql"]], text


@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_name_in_a_batch_is_an_unknown_one(operator, record, name):
    def of(named):
        return responses_of(
            operator,
            ask("1", "GET", f"{URL[5:]}?$filter={quote(named)} eq 1"),
            ask("2", "GET", f"{URL[5:]}?$orderby={quote(named)}"),
            ask("3", "PATCH", f"{URL[5:]}/a", headers=BODY_IS_JSON, body={named: 1}),
            ask("4", "GET", f"{URL[5:]}/a/{quote(named)}"),
        )

    asked, unknown = of(name), of(nonsense(name))
    assert [answer["status"] for answer in asked] == [400] * 4
    bodies = (json.dumps([answer["body"] for answer in found], ensure_ascii=False)
              for found in (asked, unknown))  # fmt: skip
    both = (name, nonsense(name))
    assert without(next(bodies), *both) == without(next(bodies), *both)


@pytest.mark.parametrize(
    "address",
    ["/beta/$metadata", "/beta/$metadata?$format=json", "/docs/openapi.json"],
)
def test_what_is_described_has_no_hidden_column(operator, address):
    response = operator.get(address)
    assert response.status_code == 200
    hidden = ("created_at", "createdAt", "updated_at", "updatedAt", "pgh_", *GATE[1:])
    assert not [name for name in hidden if name in response.text]
    assert not [name for name in PUBLIC if name not in response.text]


def test_nothing_hidden_stands_in_any_answer(operator, record):
    bodies = [
        operator.get(URL, headers={"Accept": "application/json;odata.metadata=full"}),
        operator.read("a"),
        operator.get(f"{URL}/delta"),
        operator.create(make_body(id="b")),
        operator.change("b", {"certificateThumbprint": "00"}),
    ]
    for response in bodies:
        items = response.json().get("value", [response.json()])
        for item in items:
            assert {n for n in item if "@" not in n} == {*PUBLIC}
