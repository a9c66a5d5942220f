"""Query options that mean nothing, or too much: each is refused by name and place."""

import logging

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.batches import ask, item_error, responses_of
from tests.filter_rows import ROWS, insert
from tests.make import URL, error_of
from tests.trees import LETTERS

pytestmark = pytest.mark.django_db

KEYS = "certificateKeyUsages"
EXPIRES = "certificateExpirationDateTime"


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog):
    yield
    assert [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR] == []


# --- Options --------------------------------------------------------------------------

OPTIONS = [
    ("$fliter=true", "$fliter", "Did you mean $filter?"),
    ("fliter=true", "fliter", "Did you mean $filter?"),
    ("$nope=1", "$nope", "not a query option"),
    ("$=1", "$", "not a query option"),
    ("$$top=1", "$$top", "not a query option"),
    ("$filter=true&$filter=true", "$filter", "more than once"),
    ("$filter=true&Filter=false", "Filter", "more than once"),
    ("$top=1&%24top=1", "$top", "more than once"),
    ("$filter=@p eq 1&@p=1&@p=2", "@p", "more than once"),
    ("$filter=true&@p=1", "@p", "is not used"),
    ("@p=1", "@p", "is not used"),
    ("$filter=@pq eq 1&@p=1", "@p", "is not used"),
    *((f"$top={n}", "$top", "1 to 1000") for n in ("0", "-1", "1.5", "x", "", "1e3")),
    *((f"$skip={n}", "$skip", "from 0") for n in ("-1", "x", "", "0x1", "1.0")),
    *((f"$count={n}", "$count", "true or false") for n in ("maybe", "1", "", "yes")),
    ("$select=", "$select", "end comes too early"),
    ("$select=id,", "$select", "end comes too early"),
    ("$select=id,nope", "$select", "character 4: "),
    ("$select=id desc", "$select", "character 4: "),
    ("$select=version", "$select", "no property 'version'"),
    ("$select=created_at", "$select", "no property 'created_at'"),
    ("$expand=version", "$expand", "no navigation property"),
    ("$skip=1&$skiptoken=x", "$skip", "belongs to the first page"),
    ("$filter=id eq '%ff'", None, "not UTF-8"),
    ("%ff=1", None, "not UTF-8"),
    ("$filter=id eq '%ed%a0%80'", None, "not UTF-8"),
    ("$search=%c0%80", None, "not UTF-8"),
    ("&".join(f"a{n}" for n in range(1001)) + "=", None, "more than 1000 options"),
]


@pytest.mark.parametrize(("query", "target", "words"), OPTIONS)
def test_an_option_is_refused_by_name(reader, query, target, words):
    error = error_of(reader.get(f"{URL}?{query}"), 400, "BadRequest")
    assert error.get("target") == target
    assert words in error["message"]


@pytest.mark.parametrize(
    "name", ["apply", "compute", "index", "schemaversion", "deltatoken", "levels"]
)
def test_an_option_of_odata_that_is_not_offered_is_named(reader, name):
    error = error_of(reader.get(f"{URL}?${name}=x"), 501, "NotImplemented")
    assert error["target"] == f"${name}"


# --- Expressions ----------------------------------------------------------------------

# What is wrong stands at the character of this number.
PLACES = [
    ("$filter", "user/name eq 'x'", 1, "has no property 'user'"),
    ("$filter", "auth_user/password gt 'a'", 1, "has no property 'auth_user'"),
    ("$filter", "id/$count gt 1", 1, "id is Edm.String, which has no properties"),
    ("$orderby", "id,userPrincipalName/x", 4, "which has no properties"),
    ("$filter", "", 1, "the end comes too early"),
    ("$filter", "id eq", 6, "the end comes too early"),
    ("$filter", "(id eq 'a'", 11, "the end comes too early"),
    ("$filter", "id eq 'a", 7, "this quotation mark is not closed"),
    ("$filter", "id 'a'", 4, "unexpected \"'a'\"; expected an operator"),
    ("$filter", "id eq 'it's'", 11, "unexpected"),
    ("$filter", 'id eq "a"', 7, "a text stands in single quotation marks"),
    ("$filter", 'id in ["a]', 8, "this quotation mark is not closed"),
    ("$filter", r'id in ["\x"]', 8, "this is no text as JSON has it"),
    ("$search", '""', 1, "this phrase is empty"),
    ("$search", 'ana "bob', 5, "this quotation mark is not closed"),
    # Only what is declared can be asked for.
    ("$filter", "version gt 0", 1, "no property 'version'"),
    ("$filter", "true and created_at lt now()", 10, "no property 'created_at'"),
    ("$filter", "pk eq 'a'", 1, "no property 'pk'"),
    ("$filter", "id__startswith eq 'a'", 1, "no property 'id__startswith'"),
    ("$filter", "contains(updated_at,'1')", 10, "no property 'updated_at'"),
    ("$filter", "id in (version)", 8, "no property 'version'"),
    ("$filter", "certificate_key_usages eq 1", 1, "no property"),
    ("$filter", "nope eq 1", 1, "no property 'nope'"),
    # Types.
    ("$filter", f"{KEYS} eq 'x'", 25, "'x' is not an Edm.Int32"),
    ("$filter", f"{KEYS} eq true", 22, "eq cannot compare Edm.Int32 with Edm.Bool"),
    ("$filter", "id eq 1", 4, "eq cannot compare Edm.String with Edm.Int32"),
    ("$filter", f"{EXPIRES} gt 2027-01-05", 31, "a moment is written"),
    ("$filter", f"{EXPIRES} gt 'soon'", 34, "Not an Edm.DateTimeOffset"),
    ("$filter", f"{EXPIRES} gt 2027-01-05T10:00", 34, "Not an Edm.DateTimeOffset"),
    ("$filter", f"{EXPIRES} gt 2027-02-30T10:00:00Z", 34, "There is no such moment"),
    ("$filter", f"{EXPIRES} gt 12027-01-05T10:00:00Z", 34, "Not an Edm.DateTime"),
    ("$filter", f"{EXPIRES} gt 0001-01-01T00:00:00%2B01:00", 34, "outside the years"),
    ("$filter", "certificateRevokeStatus eq 'gone'", 28, "Unknown member 'gone'"),
    ("$filter", "certificateRevokeStatus eq 4", 25, "eq cannot compare"),
    ("$filter", "certificateRevokeStatus eq Nope'gone'", 28, "there is no type"),
    ("$filter", "id eq 00000000-0000-0000-0000-000000000000", 7, "quotation marks"),
    ("$filter", KEYS, 1, "expected a condition, found Edm.Int32"),
    ("$filter", "'maybe'", 1, "'maybe' is not an Edm.Boolean"),
    ("$filter", "id and true", 1, "expected a condition"),
    ("$filter", "not id", 5, "expected a condition"),
    ("$filter", f"true or not {KEYS} eq 1", 13, "expected a condition"),
    ("$filter", "-id eq 1", 1, "negate is not defined for Edm.String"),
    ("$filter", "id add 1 eq 1", 4, "add is not defined for Edm.String and Edm.Int32"),
    ("$filter", f"{EXPIRES} add 1 gt now()", 31, "add is not defined"),
    ("$filter", f"{KEYS} div 0 eq 1", 22, "division by zero"),
    ("$filter", f"{KEYS} mod 0.0 eq 1", 22, "division by zero"),
    ("$filter", f"{KEYS} eq 1e309", 25, "out of range"),
    ("$filter", f"{KEYS} eq 1.5.2", 25, "unexpected"),
    ("$filter", "now() gt duration'P9999999D'", 10, "longer than the calendar"),
    ("$filter", "now() gt duration'30D'", 10, "not a duration"),
    ("$filter", "now() gt duration'P'", 10, "not a duration"),
    ("$filter", f"{KEYS} in (1,'x')", 28, "'x' is not an Edm.Int32"),
    ("$filter", f"{KEYS} in (1,true)", 28, "in cannot compare"),
    # Functions.
    ("$filter", "true and nope(id)", 10, "there is no function 'nope'"),
    ("$filter", "contains(id)", 1, "contains takes (Edm.String, Edm.String), not"),
    ("$filter", "contains(id,'a','b')", 1, "contains takes"),
    ("$filter", f"length({KEYS}) eq 1", 1, "length takes (Edm.String)"),
    ("$filter", "year(id) eq 1", 1, "year takes"),
    ("$filter", "year('soon') eq 1", 6, "Not an Edm.DateTimeOffset"),
    ("$filter", "now(1) gt now()", 1, "now takes ()"),
    ("$filter", "substring(id) eq ''", 1, "substring takes"),
    ("$filter", "substring(id,1.5) eq ''", 1, "substring takes"),
    ("$filter", f"substring(id,{KEYS} divby 2) eq ''", 1, "substring takes"),
    ("$filter", "startswith(id 'a')", 15, "unexpected"),
    # Form.
    ("$filter", "id eq 'a' and", 14, "the end comes too early"),
    ("$filter", "eq 'a'", 4, "unexpected"),
    ("$filter", "id == 'a'", 4, "unexpected"),
    ("$filter", "id eq 'a' 'b'", 11, "unexpected"),
    ("$filter", "id eq 'a')", 10, "unexpected"),
    ("$filter", "id eq 'a';drop table x", 10, "unexpected"),
    ("$filter", "id eq 'a'--", 10, "unexpected"),
    ("$filter", "id eq 'a\0b'", 7, "NUL"),
    ("$filter", "id\0 eq 'a'", 3, "unexpected"),
    ("$filter", 'id in ["\\u0000"]', 8, "NUL"),
    ("$filter", 'id in ["a","\\ud800"]', 12, "lone surrogate"),
    ("$orderby", "id,\0", 4, "unexpected"),
]


@pytest.mark.parametrize(("option", "text", "at", "words"), PLACES)
def test_a_mistake_is_found_in_its_place(reader, option, text, at, words):
    text = text.replace("%2B", "+")
    error = error_of(reader.get(URL, {option: text}), 400, "BadRequest")
    assert error["target"] == option
    place = f"{option}, character {at}: " if at else f"{option} "
    assert error["message"].startswith(place)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("matchesPattern(id,'^(a+)+$')", 1),
        ("true and matchesPattern(id,'((((a*)*)*)*)*b')", 10),
        ("cast(id,Edm.Int32) eq 1", 1),
        ("isof(microsoft.graph.entity)", 1),
        ("certificateRevokeStatus has 'none'", 25),
        ("tags/any(t:t eq 'x')", 6),
        ("$root/x eq 1", 1),
        ("id in @p", 7),
        (f"{KEYS} lt INF", 25),
        (f"{KEYS} lt NaN", 25),
        ("id eq binary'AA'", 7),
        ("graph.nope(id)", 1),
    ],
)
def test_what_is_odata_but_not_offered_is_named(reader, text, at):
    options = {"$filter": text, **({"@p": "('a')"} if "@p" in text else {})}
    error = error_of(reader.get(URL, options), 501, "NotImplemented")
    assert error["target"] == "$filter"
    assert error["message"].startswith(f"$filter, character {at}: ")


@pytest.mark.parametrize(
    ("alias", "status", "words"),
    [
        ("@p", 501, "@p, character 1: A parameter alias inside another"),
        ("1 eq @p", 501, "@p, character 6: A parameter alias inside another"),
        ("'a", 400, "@p, character 1: this quotation mark is not closed"),
        ("", 400, "@p, character 1: the end comes too early"),
        ("nope", 400, "@p, character 1: "),
        ("1 add", 400, "@p, character 6: the end comes too early"),
        ("'x'", 400, "$filter, character 25: 'x' is not an Edm.Int32"),
    ],
)
def test_a_mistake_in_an_alias_is_found_there(reader, alias, status, words):
    response = reader.get(URL, {"$filter": f"{KEYS} eq @p", "@p": alias})
    error = error_of(
        response, status, {400: "BadRequest", 501: "NotImplemented"}[status]
    )
    assert error["message"].startswith(words)
    assert error["target"] == words.partition(",")[0].partition(" ")[0]


@pytest.mark.parametrize(
    "options",
    [
        {"$orderby": "now()"},
        {"$orderby": "id,NOW() desc"},
        {"$orderby": "now() sub certificateExpirationDateTime"},
        {"$orderby": "@p", "@p": "now()"},
        {"$orderby": "id,@p", "@p": "certificateExpirationDateTime sub now()"},
    ],
)
def test_an_order_cannot_move_with_the_time(reader, options):
    error = error_of(reader.get(URL, options), 501, "NotImplemented")
    assert "An order by now() is not implemented" in error["message"].replace(
        "NOW", "now"
    )


# Python reads each of these as a number, a date or a time of day.
@pytest.mark.parametrize(
    ("text", "at"),
    [
        *((f"certificateKeyUsages lt '{word}'", 25) for word in ("NaN", "Infinity")),
        *((f"certificateKeyUsages eq '{n}'", 25) for n in ("1_0", " 1 ", "٣", ".5")),
        ("certificateKeyUsages in ('sNaN','sNaN')", 26),
        ("certificateKeyUsages eq ٣", 25),
        ("certificateKeyUsages eq 1e99999999999999999999", 25),
        ("date(certificateExpirationDateTime) eq '20270105'", 40),
        ("date(certificateExpirationDateTime) eq '2027-W01-2'", 40),
        ("date(certificateExpirationDateTime) eq 12027-01-05", 40),
        ("time(certificateExpirationDateTime) eq '10:00+01:00'", 40),
        ("time(certificateExpirationDateTime) eq 'T10'", 40),
    ],
)
def test_a_literal_is_written_as_odata_has_it(reader, text, at):
    error = error_of(reader.get(URL, {"$filter": text}), 400, "BadRequest")
    assert error["message"].startswith(f"$filter, character {at}: ")


# A long s and an i without a dot: Python takes them for letters in another case.
@pytest.mark.parametrize("word", ["\u017fub", "d\u0131v", "\u0131n", "ha\u017f"])
def test_an_operator_has_ascii_letters(reader, word):
    options = {"$filter": f"(certificateKeyUsages {word} 1) eq 1"}
    error = error_of(reader.get(URL, options), 400, "BadRequest")
    assert error["message"].startswith("$filter, character 23: unexpected ")


# --- Size -----------------------------------------------------------------------------

TERMS = " or ".join(["id eq 'a'"] * 10_000)
DEEP = "not " * 10_000 + "true"
PARENTHESES = "(" * 10_000 + "true" + ")" * 10_000


@pytest.mark.parametrize("text", [TERMS, DEEP, PARENTHESES, "x" * 100_000])
def test_an_endless_filter_is_refused_in_an_address_and_in_a_batch(reader, text):
    error_of(reader.get(URL, {"$filter": text}), 414, "UriTooLong")
    url = f"{URL}?$filter={text.replace(' ', '+')}"
    [answer] = responses_of(reader, ask("1", "GET", url))
    assert item_error(answer, 400, "BadRequest")["target"] == "$filter"


@pytest.mark.parametrize("name", ["$orderby", "$search", "$select", "$skiptoken", "x"])
def test_an_address_of_100_kilobytes_is_too_long(reader, name):
    error_of(reader.get(URL, {name: "1" * 100_000}), 414, "UriTooLong")


@pytest.mark.parametrize(
    "text", ["not " * 101 + "true", "1" + " eq 1" * 101, "-" * 101 + f"{KEYS} eq 1"]
)
def test_a_filter_has_a_hundred_levels_at_most(reader, text):
    error = error_of(reader.get(URL, {"$filter": text}), 400, "BadRequest")
    assert error["message"] == "$filter is nested more than 100 levels deep."


# --- Values that PostgreSQL or Python cannot hold -----------------------------------

HUGE = f"({' mul '.join([KEYS] + ['1e300'] * 90)})"
AGE = "(" + " add ".join(["duration'P3652059D'"] * 90) + ")"
UNBOUNDED = [
    {"$filter": f"{' mul '.join([HUGE] * 6)} gt 0"},
    {"$orderby": f"{' mul '.join([HUGE] * 6)}"},
    {"$orderby": f"{EXPIRES} add duration'P3652058D'"},
    {"$orderby": f"date({EXPIRES} add duration'P3652058D')"},
    {"$filter": f"{EXPIRES} sub duration'P3652058D' sub duration'P3652058D' lt now()"},
    {"$filter": f"year({EXPIRES} add {' add '.join([AGE] * 3)}) gt 0"},
    {"$orderby": " add ".join([AGE] * 4)},
]


@pytest.mark.parametrize("options", UNBOUNDED)
@pytest.mark.parametrize("address", [URL, f"{URL}/$count"])
def test_a_value_that_cannot_be_held_is_a_bad_request(reader, options, address):
    insert(ROWS)
    if address == URL or "$filter" in options:
        error = error_of(reader.get(address, options), 400, "BadRequest")
        assert error["message"].startswith("An expression has no value: ")


@pytest.mark.parametrize("skip", ["9223372036854775807", "9" * 5000])
def test_a_skip_beyond_every_number_finds_nothing(reader, skip):
    insert(ROWS)
    assert reader.get(URL, {"$skip": skip}).json()["value"] == []


TOKENS = st.sampled_from(
    f"{KEYS} {EXPIRES} id userPrincipalName certificateRevokeStatus null true 1 -1 2.5 "
    "1e308 0 '' 'a' '1' 'none' 2027-01-05 10:00 2027-01-05T10:00:00Z "
    "duration'P3652059D' eq ne gt le and or not in add sub mul div divby mod "
    "- ( ) ( ) , contains( length( "
    "substring( year( date( time( round( trim( concat( totalseconds( indexof( now() "
    "mindatetime() maxdatetime() hour( floor( tolower( @p [ ] $it/ desc".split()
)
QUERIES = st.lists(TOKENS, max_size=9).map(" ".join) | st.text(LETTERS, max_size=20)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    option=st.sampled_from(["$filter", "$orderby", "$search", "$select"]), text=QUERIES
)
def test_whatever_is_asked_is_answered_or_refused(reader, option, text):
    with transaction.atomic():
        insert(ROWS)
        response = reader.get(URL, {option: text})
        transaction.set_rollback(True)
    if response.status_code != 200:
        status, code = response.status_code, response.json()["error"]["code"]
        assert (status, code) in [(400, "BadRequest"), (501, "NotImplemented")], text
        error_of(response, status, code)
