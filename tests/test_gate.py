"""One list says what a request may touch, and every other name is nothing at all.

Whether a name is that of a column, a lookup, a relation, an attribute of Python's or a
word that means nothing: the answer is the same, by the same number of queries, but for
the name itself. So nobody learns what the tables hold by asking for it.
"""

import codecs
import json
import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import Application

from certstates import exporter
from certstates.admin.columns import COLUMNS
from certstates.models import FIELDS, SavedSearch, camel_case, in_any_case, lookups
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata import properties
from certstates.odata.ordering import parse_ordering
from certstates.odata.representation import IDENTITY
from certstates.serializers import CertificateStateSerializer
from certstates.sources import names
from tests.batches import BODY_IS_JSON, ask, responses_of
from tests.files import (
    EXPORT,
    IMPORT,
    LIST,
    RECORD,
    confirm,
    csv_file,
    json_file,
    upload,
)
from tests.make import URL, make_body, make_state

pytestmark = pytest.mark.django_db

GATE = State.GRAPH_PROPERTIES
PUBLIC = [camel_case(name) for name in GATE]

HIDDEN = [
    "version", "created_at", "updatedAt", "pk", "_state", "objects", "suspicions",
    "id__in", "managed_device_display_name", "certificate_thumbprint", "version__gt",
    "managedDeviceDisplayName__startswith", "events", "stateevent", "pgh_obj", "user",
    "user__password", "owner__password__startswith", "__class__", "ctid", "key_0",
]  # fmt: skip

# Each looks like a property, or becomes one by Python's rules for letters.
ALIKE = [
    "certificate\u212aeyUsages",  # the Kelvin sign, whose small letter is a k
    "certificate\u017fubjectName",  # the long s, whose capital is an S
    "\u0131d", "\u0130d",  # an i without a dot, an I with one
    "\uff49\uff44",  # full width
    "i\u0501", "\u0456d",  # Cyrillic
    "user\u200bPrincipalName", "userPrincipalName\u00ad",  # nothing to be seen
    "certi\ufb01cateThumbprint",  # fi in one sign
]  # fmt: skip

SQL = [
    "id;select", "id)--", 'id" x', "id' or '1'='1", "id/**/", "pg_sleep(9)",
    "(select 1)",
    "id::text", "%s", "%(a)s", "{0}", "{0.__class__}", "id,version", "*,version",
    "${version}", "CASE WHEN 1=1 THEN id END", "id\x00", "id\nversion", "\\x69d",
]  # fmt: skip


def nonsense(name):
    """Return a word of the same shape that means nothing."""
    return codecs.encode(name, "rot13")


@dataclass
class Answer:
    """What is to be compared: without the name, and what differs every time."""

    status: int
    headers: dict[str, str]
    body: str
    queries: int


VARYING = {
    "request-id",
    "client-request-id",
    "date",
    "content-length",
    "set-cookie",
    "expires",
}
MOMENTS = re.compile(
    r'("(request-id|client-request-id|date)": ?"[^"]*"'
    r'|name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"'
    r'|(?<=@odata.etag":")[^"]*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+)"
)


def spellings(name):
    """Return the forms in which an answer may quote a name."""
    plain = {name, repr(name)[1:-1], name[name.find(next(iter(foreign(name)), "\0")) :]}
    plain |= {text[:most] for text in plain for most in (20, 40)}
    forms = plain | {quote(text) for text in plain} | {in_any_case(t) for t in plain}
    forms |= {json.dumps(text)[1:-1] for text in forms}
    return {form for form in forms if len(form) > 1}


def foreign(name):
    return [letter for letter in name if not letter.isascii()]


def without(text, *names):
    for form in sorted({*spellings(names[0]), *spellings(names[1])}, key=len)[::-1]:
        text = text.replace(form, "\N{BULLET}")
    return MOMENTS.sub("\N{WHITE BULLET}", text)


def answer_of(door, name, other):
    """Return the answer; in both, both names are taken out, as pages have words."""
    with CaptureQueriesContext(connection) as captured:
        response = door(name)
        body = b"".join(response) if response.streaming else response.content
    headers = {
        key.lower(): without(value, name, other)
        for key, value in response.headers.items()
        if key.lower() not in VARYING
    }
    text = without(body.decode(), name, other)
    return Answer(response.status_code, headers, text, len(captured))


def assert_same(door, name):
    other = nonsense(name)
    assert answer_of(door, name, other) == answer_of(door, other, name), name


# --- The list, and who derives from it -----------------------------------------------


def test_every_door_has_the_properties_of_the_one_list():
    assert CertificateStateSerializer.Meta.fields is GATE
    assert [*CertificateStateSerializer().fields] == PUBLIC
    assert [p.field for p in properties.PROPERTIES.values()] == [*GATE]
    assert [p.name for p in properties.PROPERTIES.values()] == PUBLIC
    assert exporter.COLUMNS == GATE
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


# --- Files ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [csv_file, json_file])
@pytest.mark.usefixtures("upload_directory")
def test_a_hidden_column_of_a_file_is_passed_over_as_unknown(staff, make):
    def page_of(named):
        page = upload(staff, make({**RECORD, "id": "new", named: "1"}))
        text = re.sub(r"import/[\w-]{20,}", "import/", page.text)
        return without(text, name, nonsense(name))

    for name in HIDDEN:
        if names.property_of(name) is None:  # snake_case is a spelling in files
            assert page_of(name) == page_of(nonsense(name)), name


@pytest.mark.usefixtures("upload_directory")
def test_a_file_writes_no_hidden_column(staff):
    make_state(id="a")
    before = State.objects.values("created_at").get(pk="a")
    row = {**RECORD, "id": "a", "version": "7", "created_at": "2001-01-01T00:00:00Z"}
    confirm(staff, upload(staff, csv_file(row)), reason="")
    written = State.objects.get(pk="a")
    assert written.managed_device_display_name == RECORD["managedDeviceDisplayName"]
    assert written.created_at == before["created_at"]
    assert written.version != 7


# --- The admin -----------------------------------------------------------------------

LOOKUPS = [
    "version", "version__gt", "version__isnull", "pk", "pk__in", "id__startswith",
    "created_at__year", "_state", "user__password", "user__password__startswith",
    "owner__password__startswith", "certificate_thumbprint__startswith",
    "managed_device_display_name", "events__pgh_id", "stateevent__pgh_id__gt",
    "__class__", "password", "password__startswith", "client_secret__startswith",
    "token__startswith", "token_checksum__startswith", "accesstoken__token__startswith",
    "groups__user__password", "permissions__codename", "application__client_secret",
    "user__is_superuser__exact", "savedsearch__query", "saved_searches__query",
]  # fmt: skip

LISTS = [
    LIST,
    "/admin/certstates/savedsearch/",
    "/admin/auth/user/",
    "/admin/auth/group/",
    "/admin/oauth2_provider/application/",
    "/admin/oauth2_provider/accesstoken/",
]


# Pages take their time: a column, a key, a relation, a secret, a lookup, an attribute.
FEW = ["version", "pk", "user", "password", "client_secret", "version__gt", "__class__"]


@pytest.fixture
def furnished(staff, admin_user):
    """Return the browser; each list has a row that a lookup could find."""
    make_state(id="a")
    Application.objects.create(
        name="app", client_type="confidential", authorization_grant_type="x"
    )
    SavedSearch.objects.create(name="mine", query="q=a", owner=admin_user)
    User.objects.create_user("other", password="other")
    return staff


def asked(browser, page, **query):
    browser.cookies.pop("messages", None)  # what the request before was told
    return browser.get(page, query)


@pytest.mark.parametrize("page", LISTS)
def test_a_lookup_in_the_address_is_refused_whatever_it_names(furnished, page):
    for name in LOOKUPS:
        assert furnished.get(page, {name: "a"}).status_code == 400, name
        assert_same(lambda named: asked(furnished, page, **{named: "a"}), name)


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize("parameter", ["o", "_to_field"])
def test_an_order_or_a_key_by_name_is_none(furnished, page, parameter):
    for name in FEW:
        assert_same(lambda named: asked(furnished, page, **{parameter: named}), name)


@pytest.mark.parametrize("parameter", ["expiry", "status", "open", "at", "action", "e"])
def test_the_other_parameters_of_the_list_take_no_name(furnished, parameter):
    for name in FEW:
        assert_same(lambda named: asked(furnished, LIST, **{parameter: named}), name)


@pytest.mark.parametrize(
    "parameter", ["fields", "columns", "format", "o", "_to_field", ""]
)
def test_an_export_takes_no_name_of_a_column(furnished, parameter):
    for name in FEW:
        assert_same(
            lambda named: asked(furnished, EXPORT, **{parameter or named: named}), name
        )


@pytest.mark.parametrize("name", FEW)
def test_an_action_is_one_of_the_lists_own(furnished, name):
    def selected(named):
        return furnished.post(LIST, {"action": named, "_selected_action": "a"})

    assert_same(selected, name)
    assert_same(lambda named: furnished.post(f"{LIST}bulk/{named}/"), name)


@pytest.mark.parametrize("name", [*FEW, "owner__password", "q__in"])
def test_a_saved_search_keeps_no_name_but_the_lists_own(furnished, name):
    def saved(named):
        query = f"q=a&{quote(named)}=1"
        furnished.post("/admin/certstates/savedsearch/add/?query=" + quote(query), {
            "name": "kept", "audience": "me",
        })  # fmt: skip
        [*kept] = SavedSearch.objects.filter(name="kept").values_list("query")
        SavedSearch.objects.filter(name="kept").delete()
        return kept

    assert name not in str(saved(name))
    assert saved(name) == saved(nonsense(name))


@pytest.mark.parametrize("name", FEW)
def test_nothing_completes_a_name(furnished, name):
    def completed(named):
        return furnished.get("/admin/autocomplete/", {
            "app_label": "certstates", "field_name": named, "term": "a",
            "model_name": "managedalldevicecertificatestate",
        })  # fmt: skip

    assert_same(completed, name)
    assert_same(lambda named: furnished.get(f"{LIST}issuers/", {"q": named}), name)


def test_an_entry_form_has_no_hidden_column(furnished):
    page = furnished.get(f"{LIST}a/change/")
    fields = page.context["adminform"].form.fields
    assert {*fields} - {"reason"} == {*GATE} - {"id"}


def test_the_import_page_takes_no_name_by_its_address(furnished):
    assert_same(lambda named: furnished.get(IMPORT, {named: "1"}), "version__gt")
