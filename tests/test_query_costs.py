"""What queries may cost: in the database, and before one is asked."""

from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certstates.errors import BadRequest
from certstates.odata.syntax import MOST_CHARACTERS, parse
from project.wsgi import limit_statements
from tests.effort import ended_at_once
from tests.filter_rows import ROWS, insert
from tests.make import URL, error_of

pytestmark = pytest.mark.django_db

EVERYTHING = {
    "$filter": "contains(userPrincipalName,'A') and id in ('x',@p) or @p lt id",
    "@p": "'0'",
    "$search": 'ana OR "certificateRevokeStatus:none"',
    "$orderby": "userPrincipalName desc,year(certificateExpirationDateTime)",
    "$select": "id,certificateKeyUsages",
    "$count": "true",
    "$skip": "1",
    "$top": "90",
}


@pytest.mark.parametrize(
    ("address", "options", "queries"),
    [
        ("", {}, 2),  # the token and the page
        ("", EVERYTHING, 3),
        ("", {"$orderby": "certificateKeyUsages", "$top": "1"}, 2),
        ("/$count", {}, 2),
        ("/$count", {"$filter": EVERYTHING["$filter"], "@p": "'0'"}, 2),
        ("/delta", {}, None),
        ("/delta", {"$top": "1"}, None),
        ("/id-0", {"$select": "id"}, 2),
        ("/id-0/userPrincipalName", {}, 2),
        ("/id-0/userPrincipalName/$value", {}, 2),
    ],
)
def test_an_answer_costs_the_same_queries_for_1_and_for_100_records(
    reader, address, options, queries
):
    insert([{**ROWS[0], "id": "id-0"}])
    one = cost(reader, address, options)
    insert({**ROWS[0], "id": f"id-{n}"} for n in range(1, 100))
    assert cost(reader, address, options) == one
    assert queries in (one, None)


def cost(client, address, options):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(URL + address, options).status_code == 200
    return len(captured)


IS_ANA = "contains(userPrincipalName,'ana')"


def nested(template, *, times, start=IS_ANA):
    """Return an expression that was put into the template again and again."""
    for _ in range(times):
        start = template.format(start)
    return start


def sums(count, start="certificateKeyUsages"):
    return nested("({} add certificateKeyUsages)", times=count, start=start)


# Each part stands in the SQL more than once, and so do the parts of it.
@pytest.mark.parametrize(
    "options",
    [
        {"$filter": nested(f"(({{}} and {IS_ANA}) eq true)", times=40)},
        {"$filter": nested("({} in (null,true))", times=40)},
        {"$filter": nested(f"({{}} in ({IS_ANA},{IS_ANA}))", times=40)},
        {"$filter": "@p in (" + ",".join(["@p"] * 100) + ")", "@p": sums(90)},
        {"$orderby": nested("({} in (null,true))", times=40)},
        {"$orderby": ",".join(["@p"] * 8), "@p": sums(90)},
    ],
)
def test_a_query_does_not_grow_beyond_measure_in_sql(reader, options):
    option = next(iter(options))
    with ended_at_once():
        error = error_of(reader.get(URL, options), 400, "BadRequest")
    assert error["target"] == option
    assert "parts" in error["message"]


def test_a_search_has_a_hundred_terms_at_most(reader):
    with ended_at_once():
        error = error_of(reader.get(URL, {"$search": "ana " * 1000}), 400, "BadRequest")
    assert error["message"].startswith("$search has more than 100 words")


def test_an_alias_is_read_once_however_often_it_is_named(reader):
    named, read = "+or+".join(["@p"] * 900), "(" * 4000 + "true" + ")" * 4000
    with ended_at_once():
        assert reader.get(f"{URL}?$filter={named}&@p={read}").status_code == 200


def test_aliases_do_not_deepen_an_expression_beyond_the_limit(reader):
    options = {"$orderby": f"{'not ' * 97}@p", "@p": f"{'not ' * 98}true"}
    error = error_of(reader.get(URL, options), 400, "BadRequest")
    assert "nested too deeply" in error["message"]


def test_what_many_people_write_is_far_below_the_limits(reader):
    ids = [f"00000000-0000-0000-0000-{n:012}" for n in range(350)]
    several = " or ".join(f"id eq '{id}'" for id in ids[:250])
    listed = ", ".join(f"'{id}'" for id in ids)
    for text in (several, f"id in ({listed})", f"not (id in ({listed}))"):
        assert reader.get(URL, {"$filter": text}).status_code == 200
    assert reader.get(URL, {"$search": "laptop ana " * 40}).status_code == 200


def test_a_list_of_numbers_takes_time_in_proportion(reader):
    numbers = ",".join(map(str, range(100, 2900)))
    with ended_at_once():
        query = f"$filter=certificateKeyUsages+in+({numbers})"
        assert reader.get(f"{URL}?{query}").status_code == 200


# A beginning, and what is repeated after it up to the longest text that is read.
ENDLESS = [
    ("filter", "", "'"),
    ("filter", "id eq '", "''"),
    ("filter", "x", "''"),
    ("filter", "", "x'"),
    ("filter", "", "duration'P"),
    ("filter", 'id in ["', "\\"),
    ("filter", 'id in ["', "\\u0041"),
    ("filter", 'id in ["', '","'),
    ("filter", "", "a"),
    ("filter", "", "a."),
    ("filter", "", "a/"),
    ("filter", "", "a("),
    ("filter", "", "_"),
    ("filter", "", "1"),
    ("filter", "", "1."),
    ("filter", "1.", "1"),
    ("filter", "", "1e"),
    ("filter", "", "1-"),
    ("filter", "", "2027-01-05T10:00:00."),
    ("filter", "2027-01-05T10:00:00.", "0"),
    ("filter", "", "00000000-"),
    ("filter", "", "("),
    ("filter", "", "["),
    ("filter", "", "-"),
    ("filter", "", "@"),
    ("filter", "@a", "#"),
    ("filter", "", "not "),
    ("filter", "", "not("),
    ("filter", "true", " or true"),
    ("filter", "true", "\tor\ttrue"),
    ("filter", "1", " eq 1"),
    ("filter", "1 in (1", ",1"),
    ("filter", "1", " in (1"),
    ("filter", "", " "),
    ("filter", "", "\0"),
    ("orderby", "id", ",id"),
    ("orderby", "id ", "desc"),
    ("select", "id", ",id"),
    ("search", "", '"'),
    ("search", '"', "\\"),
    ("search", "", '"\\'),
    ("search", "", "a "),
    ("search", "", "a\t"),
    ("search", "", "("),
    ("search", "", "NOT "),
    ("search", "", "OR"),
]


@pytest.mark.parametrize(("start", "beginning", "repeated"), ENDLESS)
def test_endless_text_is_read_or_refused_at_once(start, beginning, repeated):
    text = (beginning + repeated * MOST_CHARACTERS)[:MOST_CHARACTERS]
    with ended_at_once(), suppress(BadRequest):
        parse(text, start, option="$option")


def test_a_question_without_end_is_refused(reader):
    row = {**ROWS[0], "certificate_key_usages": 1}
    insert([{**row, "id": f"id-{n}"} for n in range(3000)])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
    factors = " mul ".join(["9" * 100] * 60)
    response = reader.get(URL, {"$filter": f"certificateKeyUsages mul {factors} gt 1"})
    error = error_of(response, 400, "BadRequest")
    assert "ask for less" in error["message"]


def test_a_serving_process_limits_its_questions(settings):
    settings.STATEMENT_TIMEOUT = 7
    limit_statements(connection)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("7s",)


def product(factors):
    """Return a product of ``@a`` that is no deeper than it must be."""
    if factors == 1:
        return "@a"
    return f"({product(factors // 2)} mul {product(factors - factors // 2)})"


@pytest.mark.parametrize(
    "options",
    [
        {
            "$filter": "length(" + "concat(" * 40 + "@a" + ",@a)" * 40 + ") gt 1",
            "@a": f"'{'x' * 15_000}'",
        },
        {"$filter": f"certificateKeyUsages eq {product(256)}", "@a": "9" * 300},
    ],
)
def test_long_literals_weigh_more(reader, options):
    error = error_of(reader.get(URL, options), 400, "BadRequest")
    assert "more than 6000 parts" in error["message"]
