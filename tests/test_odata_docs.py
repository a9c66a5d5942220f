"""The reference of OData is true: its tables and the code name the same things, and
every example is answered as it says."""

import re
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.urls import resolve

from certstates import errors, middleware, models, serializers, urls
from certstates.addresses import COLLECTION
from certstates.odata import (
    batch,
    formats,
    functions,
    operators,
    options,
    ordering,
    search,
    sql,
    syntax,
    values,
)
from certstates.views import segment_not_offered
from tests.make import JSON, URL, make_body, make_state
from tests.tables import codes, tables

TEXT = (settings.BASE_DIR / "docs/odata.md").read_text(encoding="utf-8")
TABLES = tables(TEXT)
GRAMMAR = settings.BASE_DIR / "certstates/odata/grammar.lark"

REQUESTS = [codes(cell)[0] for cell in TABLES["Request"].column("Request")]
LIMITS = {
    "Records on a page": options.PAGE_SIZE,
    "Characters of an expression": syntax.MOST_CHARACTERS,
    "Operands and operators of an expression": syntax.MOST_OPERANDS,
    "Spaces and separators of an expression": syntax.MOST_SEPARATORS,
    "Levels of an expression": syntax.GREATEST_DEPTH,
    "Parts of the SQL that an expression becomes": sql.MOST_WEIGHT,
    "Parts of the SQL that `$orderby` becomes": ordering.MOST_WEIGHT,
    "Words, phrases and operators of `$search`": search.MOST_TERMS,
    "Keys of `$orderby`": ordering.MOST_KEYS,
    "Characters of a text that decide its order": ordering.KEY_LENGTH,
    "Exponent of a number": values.GREATEST_EXPONENT,
    "Bytes of an address": middleware.LONGEST_ADDRESS,
    "Bytes of a body": settings.MAX_BODY_SIZE,
    "Requests in a batch": batch.MOST_ITEMS,
    "Options in a query string": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
    "Names in an object of a body": serializers.MOST_NAMES,
    "Entries in an error's `details`": errors.MOST_DETAILS,
    "Characters of an id": models.ID_LENGTH,
    "Characters of any other text": models.TEXT_LENGTH,
}


def bare(kind):
    return kind.value.removeprefix("Edm.")


# --- The tables and the code ----------------------------------------------------------


def routes_in_table():
    """Yield the pattern and method of each row, for both forms of a key."""
    for request in REQUESTS:
        method, path = request.split()
        forms = {path, path.replace("/{id}", "('{id}')")}
        for form in forms:
            yield pattern_of(filled(form)), method.lower()


def pattern_of(path):
    return resolve(path, "certstates.urls").route


def filled(path):
    path = path.replace("/…States", f"/{COLLECTION}")
    return path.replace("{id}", "a").replace("{property}", "certificateThumbprint")


def routes_in_code():
    for pattern in urls.urlpatterns:
        if pattern.callback is segment_not_offered:
            continue
        actions = getattr(pattern.callback, "actions", None)
        for method in actions or pattern.callback.view_class.http_method_names:
            if method not in ("head", "options"):
                yield str(pattern.pattern), method


def test_every_route_stands_in_the_table_with_its_methods():
    assert sorted(routes_in_table()) == sorted(routes_in_code())


@pytest.fixture
def send(operator):
    """Send a request by the words of a table, on a record that is there."""

    def send(request, query=""):
        method, path = request.split(" ", 1)
        state = make_state(certificate_key_usages=160, certificate_thumbprint="9F86")
        path = path.replace("…States", COLLECTION).replace("{id}", state.id)
        path = path.replace("{property}", "certificateThumbprint")
        body = {}
        if method == "POST":
            body = {"data": make_body(), "content_type": JSON}
        if method == "PATCH":
            body = {"data": {}, "content_type": JSON}
        if path.endswith("$batch"):
            body["data"] = {"requests": [{"id": "1", "method": "GET", "url": "/"}]}
        path, mark, asked = path.partition("?")
        return getattr(operator, method.lower())(
            f"{path}?{asked}{query}" if mark or query else path, **body
        )

    return send


@pytest.mark.parametrize("row", TABLES["Request"].rows, ids=lambda row: row["Request"])
def test_a_request_takes_the_options_of_its_row_and_no_other(send, row):
    [request] = codes(row["Request"])
    offered = codes(row["Query options"])
    for name in sorted(options.SYSTEM_OPTIONS):
        response = send(request.replace(" /", " /beta/", 1), f"${name}=1")
        refused = response.status_code == 501
        assert refused == (f"${name}" not in offered), (name, response.content)


@pytest.mark.parametrize("request_", [r for r in REQUESTS if r.startswith("GET")])
def test_what_can_be_read_answers_head_and_options_and_no_put(send, request_):
    path = request_.removeprefix("GET /")
    for method, status in (("HEAD", 200), ("OPTIONS", 204), ("PUT", 405)):
        assert send(f"{method} /beta/{path}").status_code == status, method


def test_every_option_is_explained_or_refused():
    explained = {name for name in TABLES["Option"].codes("Option") if name[0] == "$"}
    offered = {*TABLES["Request"].codes("Query options")}
    refused = re.search(r"^Refused with 501 wherever[^.]*\.", TEXT, re.MULTILINE)[0]
    assert explained == offered
    assert {*codes(refused)} == {f"${n}" for n in options.SYSTEM_OPTIONS} - offered


def test_every_operator_stands_in_the_table():
    terminal = re.compile(r"^_?[A-Z]+(?:\.\d)?: /(\w+)\\b/i$", re.MULTILINE)
    words = terminal.findall(GRAMMAR.read_text(encoding="utf-8"))
    known = {*words} - {"null", "asc", "desc"}
    assert {*TABLES["Operator"].codes("Operator")} | {"has"} == known | {"-"}


def test_every_calculation_with_dates_stands_in_the_table():
    said = re.findall(r"([A-Z]\w+) (add|sub) ([A-Z]\w+)", TEXT)
    known = [(bare(a), word, bare(b)) for a, word, b in operators.MOMENTS]
    assert sorted(said) == sorted(known)


def test_every_function_stands_in_the_table_with_its_signature():
    said = {
        (signature, row["Returns"])
        for row in TABLES["Function"].rows
        for signature in codes(row["Function"])
    }
    known = {
        (f"{name}({', '.join(map(bare, overload.parameters))})", bare(overload.returns))
        for name, overloads in functions.FUNCTIONS.items()
        for overload in overloads
    }
    assert said == known


def test_every_function_that_is_not_offered_stands_in_the_table():
    said = {*TABLES["Not offered"].codes("Not offered")} - {"has", "any", "all"}
    assert said == functions.NOT_OFFERED


def test_every_type_has_its_literal():
    # No property is an Edm.Guid: the id is a text.
    known = {bare(kind) for kind in values.Edm} - {"Guid"}
    assert {*TABLES["Literal of"].codes("Literal of")} == known


def test_every_member_of_the_enumeration_is_named():
    sentence = TEXT.partition("A member of the enumeration is ")[2].partition(", in")[0]
    assert codes(sentence) == [m.wire_name for m in models.RevocationStatus]


def test_every_limit_has_its_number():
    said = {
        row["Limit"]: int(row["Value"].replace(",", "")) for row in TABLES["Limit"].rows
    }
    assert len(said) == len(LIMITS)
    for words, number in LIMITS.items():
        [found] = [value for label, value in said.items() if label.startswith(words)]
        assert found == number, words


def test_numbers_in_sentences_are_those_of_the_limits():
    assert f"Up to {ordering.MOST_KEYS} expressions" in TEXT
    assert f"Up to {batch.MOST_ITEMS} requests" in TEXT
    assert f"at most {options.PAGE_SIZE:,} count" in TEXT
    assert f"the first {ordering.KEY_LENGTH} characters" in TEXT


def test_every_level_of_control_information_stands_in_the_table():
    assert tuple(TABLES["`odata.metadata`"].codes("`odata.metadata`")) == formats.LEVELS


def test_both_versions_are_named():
    row = next(r for r in TABLES["Header"].rows if r["Header"] == "`OData-Version`")
    said = re.findall(r"4\.\d+", row["What is done"])
    assert tuple(said) == middleware.SERVED_VERSIONS


# --- The examples ---------------------------------------------------------------------


def examples():
    """Yield each example as a request, with the status that it says."""
    for table in TABLES.values():
        for name in table.head:
            if name.startswith("Example"):
                [option] = codes(name) or [None]
                for row in table.rows:
                    for example in codes(row[name]):
                        yield option, example, int(row.get("Status", "200"))


def as_request(option, example):
    if option is None:
        return example
    value, *aliases = re.split(r"&(?=@)", example)
    pairs = {option: value, **dict(alias.split("=", 1) for alias in aliases)}
    return f"GET {URL}?{urlencode(pairs, quote_via=quote)}"


@pytest.mark.parametrize(("option", "example", "status"), [*examples()])
def test_an_example_is_answered_as_it_says(send, option, example, status):
    response = send(as_request(option, example))
    assert response.status_code == status, response.content


def test_every_row_of_an_expression_has_an_example():
    for table in TABLES.values():
        for name in table.head:
            if codes(name) and name.startswith("Example"):
                assert all(table.column(name))


def test_enough_examples_are_found():
    assert len([*examples()]) > 90


def test_every_file_that_it_names_exists():
    for path in re.findall(r"\]\(([\w/.-]+)\)", TEXT):
        assert (settings.BASE_DIR / "docs" / path).exists(), path
