"""$filter: which records an expression finds.

Each case is checked against what was written by hand, against an evaluation in Python,
and in PostgreSQL through HTTP, where /$count must agree.
"""

import datetime as dt
from decimal import Decimal

import pytest

from certstates.odata.functions import FUNCTIONS
from tests.filter_rows import ISSUED as MOMENT_OF_ISSUE
from tests.filter_rows import ROWS, ids, reader_of_rows, utc
from tests.make import URL
from tests.reference import (
    DEVICE,
    EXPIRES,
    ID,
    ISSUED,
    KEYS,
    STATUS,
    USER,
    Status,
    holds,
)
from tests.spelling import spelled

pytestmark = pytest.mark.django_db

ALL = "Aabcdefg"
NOT_NULL = "Aacdefg"


@pytest.fixture(scope="module")
def client(django_db_setup, django_db_blocker):
    with reader_of_rows(django_db_blocker) as client:
        yield client


def check(client, tree, letters, text=None, **options):
    found = {row["id"] for row in ROWS if holds(tree, row)}
    assert found == ids(letters), "The evaluation in Python differs."
    options = {"$filter": text or spelled(tree), **options}
    page = client.get(URL, options)
    assert page.status_code == 200, page.content
    assert {item["id"] for item in page.json()["value"]} == found
    count = client.get(f"{URL}/$count", options)
    assert count.content.decode() == str(len(found))


# --- Comparisons: the ids where the property eq, ne, gt or lt the literal ----------

COMPARED = [
    (USER, "ana@X.example", ("af", "Abcdeg", "Adg", "ce")),
    (USER, "", ("c", "Aabdefg", "Aadefg", "")),
    (USER, None, ("b", NOT_NULL, "", "")),
    (ID, "a", ("a", "Abcdefg", "bcdefg", "A")),
    (ID, None, ("", ALL, "", "")),
    (KEYS, 1, ("A", "abcdefg", "aeg", "cdf")),
    (KEYS, Decimal("1.5"), ("", ALL, "aeg", "Acdf")),
    (KEYS, -5, ("d", "Aabcefg", "Aaceg", "f")),
    (KEYS, 10**15, ("", ALL, "", NOT_NULL)),
    (KEYS, None, ("b", NOT_NULL, "", "")),
    (EXPIRES, utc(2027, 1, 5, 10), ("a", "Abcdefg", "cg", "Abdef")),
    (EXPIRES, utc(1, 1, 1), ("b", "Aacdefg", "Aacdefg", "")),
    (EXPIRES, None, ("", ALL, "", "")),
    (STATUS, Status.issued, ("b", "Aacdefg", "cdf", "Aaeg")),
    (STATUS, None, ("", ALL, "", "")),
]
MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


def comparisons():
    """Return each comparison with its ids, in both orders of the operands."""
    for found, value, (eq, ne, gt, lt) in COMPARED:
        # Null equals null, but is not "less than or equal to" it.
        same = "" if value is None else eq
        every = {"eq": eq, "ne": ne, "gt": gt, "lt": lt}
        every |= {"ge": gt + same, "le": lt + same}
        for name, letters in every.items():
            yield (name, found, value), letters
            yield (MIRRORED[name], value, found), letters


@pytest.mark.parametrize(("tree", "letters"), [*comparisons()])
def test_a_property_compares_with_a_literal(client, tree, letters):
    check(client, tree, letters)


# --- Functions ------------------------------------------------------------------------

DAY = dt.timedelta(days=1)
HALVES = ("mul", KEYS, Decimal("0.5"))
CALLS = [
    (("contains", USER, "ana"), "af"),
    (("contains", USER, "%"), "d"),
    (("contains", USER, "_"), "d"),
    (("contains", USER, "\\"), "d"),
    (("contains", USER, "'"), "d"),
    (("contains", USER, "éVA"), "e"),
    (("contains", USER, ""), NOT_NULL),
    (("contains", USER, None), ""),
    (("contains", None, "a"), ""),
    (("contains", ID, "A"), "A"),
    (("contains", "A b", ID), "Ab"),
    (("contains", USER, DEVICE), "c"),
    (("contains", ("concat", ID, "x"), "ax"), "a"),
    (("startswith", USER, "BO"), "Ag"),
    (("startswith", DEVICE, "%"), "g"),
    (("startswith", ID, "A"), "A"),
    (("startswith", USER, ("substring", DEVICE, 0, 0)), "acdefg"),
    (("endswith", USER, "OK"), "d"),
    (("endswith", USER, "@x.example"), "af"),
    (("endswith", USER, ("tolower", DEVICE)), "c"),
    (("eq", ("length", USER), 3), "Ag"),
    (("eq", ("length", USER), 5), "e"),
    (("eq", ("length", ID), 3), "g"),
    (("eq", ("indexof", USER, "@X"), 3), "af"),
    (("eq", ("indexof", USER, "zz"), -1), NOT_NULL),
    (("eq", ("indexof", USER, ""), 0), NOT_NULL),
    (("eq", ("indexof", ID, "A"), 0), "A"),
    (("eq", ("substring", USER, 1), "ob"), "Ag"),
    (("eq", ("substring", USER, 0, 3), "ANA"), "af"),
    (("eq", ("substring", USER, -1), USER), ALL),
    (("eq", ("substring", USER, 100), ""), NOT_NULL),
    (("eq", ("substring", USER, 1, -1), ""), NOT_NULL),
    (("eq", ("substring", USER, KEYS), None), "b"),
    (("eq", ("substring", ID, KEYS), None), "b"),
    (("eq", ("substring", ID, 0, KEYS), None), "b"),
    (("eq", ("substring", "aAbcdefg", KEYS, 1), ID), "A"),
    (("eq", ("tolower", ID), "a"), "Aa"),
    (("eq", ("tolower", USER), "BOB"), "Ag"),
    (("eq", ("toupper", ID), "A"), "Aa"),
    (("eq", ("toupper", USER), "bob"), "Ag"),
    (("lt", USER, ("tolower", USER)), ""),
    (("le", USER, ("toupper", USER)), NOT_NULL),
    (("ge", ("tolower", USER), ("toupper", USER)), NOT_NULL),
    (("eq", ("trim", USER), "éva"), "e"),
    (("eq", ("concat", USER, DEVICE), "ana@x.examplef"), "f"),
    (("eq", ("concat", ID, "1"), "a1"), "a"),
    (("eq", ("concat", USER, None), None), ALL),
    (("eq", ("year", EXPIRES), 2027), "aeg"),
    (("eq", ("year", EXPIRES), 9999), "c"),
    (("eq", ("year", ("date", EXPIRES)), 1), "b"),
    (("eq", ("month", EXPIRES), 2), "Ad"),
    (("eq", ("month", ("date", EXPIRES)), 12), "cf"),
    (("eq", ("day", EXPIRES), 29), "d"),
    (("eq", ("day", ("date", EXPIRES)), 29), "d"),
    (("eq", ("hour", EXPIRES), 23), "Acf"),
    (("eq", ("hour", ("time", EXPIRES)), 0), "be"),
    (("eq", ("minute", EXPIRES), 34), "d"),
    (("eq", ("minute", ("time", EXPIRES)), 34), "d"),
    (("eq", ("second", EXPIRES), 59), "Ac"),
    (("eq", ("second", ("time", EXPIRES)), 56), "d"),
    (("eq", ("fractionalseconds", EXPIRES), Decimal("0.5")), "d"),
    (("eq", ("fractionalseconds", ("time", EXPIRES)), Decimal("0.000001")), "g"),
    (("eq", ("date", EXPIRES), dt.date(2027, 1, 5)), "aeg"),
    (("lt", ("date", EXPIRES), dt.date(1999, 12, 31)), "b"),
    (("eq", ("time", EXPIRES), dt.time(10)), "a"),
    (("gt", ("time", EXPIRES), dt.time(23)), "Ac"),
    (("eq", ("totaloffsetminutes", EXPIRES), 0), ALL),
    (("eq", ("totalseconds", ("sub", EXPIRES, ISSUED)), Decimal("31536000.0")), "a"),
    (("gt", EXPIRES, ("add", ("now",), 365_000 * DAY)), "c"),
    (("gt", ("now",), ("add", EXPIRES, 730_000 * DAY)), "b"),
    (("eq", EXPIRES, ("mindatetime",)), "b"),
    (("eq", EXPIRES, ("maxdatetime",)), "c"),
    (("eq", ("round", HALVES), -3), "d"),
    (("eq", ("round", HALVES), 1), "Ag"),
    (("eq", ("floor", HALVES), -3), "d"),
    (("eq", ("ceiling", HALVES), -2), "d"),
    (("eq", ("ceiling", HALVES), 1), "Ag"),
]


@pytest.mark.parametrize(("tree", "letters"), CALLS)
def test_a_function_has_a_value(client, tree, letters):
    check(client, tree, letters)


def test_every_function_has_a_case():
    assert set(FUNCTIONS) <= set(names_in([tree for tree, _ in CALLS]))


def names_in(trees):
    for tree in trees:
        if isinstance(tree, tuple):
            yield tree[0]
            yield from names_in(tree[1:])


# --- Arithmetic, in, and logic of three values ----------------------------------------

LAPTOP = ("contains", DEVICE, "laptop")  # true for a and d, null for A and b
BOB = ("contains", USER, "bob")  # true for A and g, null for b
YEAR = 365 * DAY
OPERATORS = [
    (("eq", ("add", KEYS, 1), 3), "g"),
    (("eq", ("sub", 1, KEYS), 6), "d"),
    (("ge", ("mul", KEYS, KEYS), 4611686014132420609), "ef"),
    (("gt", ("mul", KEYS, 10**17), 0), "Aaeg"),
    (("eq", ("div", KEYS, 2), 0), "Ac"),
    (("eq", ("div", KEYS, 2), -2), "d"),
    (("eq", ("div", KEYS, Decimal("2.0")), Decimal("-2.5")), "d"),
    (("eq", ("divby", KEYS, 2), Decimal("0.5")), "A"),
    (("eq", ("mod", KEYS, 3), -2), "df"),
    (("eq", ("mod", KEYS, Decimal("1.5")), Decimal("-0.5")), "df"),
    (("eq", ("div", 1, KEYS), None), "bc"),
    (("eq", ("mod", 1, KEYS), None), "bc"),
    (("eq", ("negate", KEYS), 5), "d"),
    (("eq", ("negate", KEYS), 2**31), "f"),
    (("eq", ("negate", ("negate", KEYS)), -5), "d"),
    (("eq", ("add", KEYS, None), None), ALL),
    (("eq", ("negate", None), None), ALL),
    (("contains", ("negate", None), "a"), ""),
    (("eq", ("sub", EXPIRES, YEAR), ISSUED), "a"),
    (("eq", ("add", ISSUED, ("add", 300 * DAY, 65 * DAY)), EXPIRES), "a"),
    (("eq", ("add", EXPIRES, -YEAR), MOMENT_OF_ISSUE), "a"),
    (("eq", ("add", EXPIRES, ("negate", YEAR)), ISSUED), "a"),
    (("eq", ("sub", EXPIRES, dt.timedelta(microseconds=1)), utc(2027, 1, 5, 10)), "g"),
    (("gt", ("sub", EXPIRES, ISSUED), 364 * DAY), "aceg"),
    (("lt", ("sub", EXPIRES, ISSUED), -(700_000 * DAY)), "b"),
    (("eq", ("sub", YEAR, 364 * DAY), DAY), ALL),
    (("eq", ("gt", KEYS, 1), True), "aeg"),
    (("ne", ("gt", KEYS, 1), True), "Abcdf"),
    (("eq", LAPTOP, None), "Ab"),
    (("ne", LAPTOP, True), "Abcefg"),
    (("eq", LAPTOP, ("contains", USER, "ana")), "abceg"),
    (("gt", LAPTOP, False), "ad"),
    (("in", USER, "ana@x.example", "bob"), "Aafg"),
    (("in", USER, "bob", None), "Abg"),
    (("in", USER), ""),
    (("in", USER, DEVICE), "bc"),
    (("in", USER, DEVICE, "BOB"), "Abcg"),
    (("in", None, USER), "b"),
    (("in", None, 1, None), ALL),
    (("in", ID, "A", "b", "B"), "Ab"),
    (("in", KEYS, 1, Decimal("2.0"), -5), "Adg"),
    (("in", KEYS, None, ("add", 1, 1)), "bg"),
    (("in", 5, ("negate", KEYS)), "d"),
    (("in", STATUS, Status.none, Status.failed), "ace"),
    (("in", EXPIRES, utc(1, 1, 1), utc(2027, 1, 5)), "be"),
    (("in", ("gt", KEYS, 1), True, None), "aeg"),
    (("in", LAPTOP, True, None), "Aabd"),
    (LAPTOP, "ad"),
    (("not", LAPTOP), "cefg"),
    (("and", LAPTOP, ("contains", USER, "ana")), "a"),
    (("or", LAPTOP, BOB), "Aadg"),
    (("not", ("and", LAPTOP, BOB)), "acdefg"),
    (("not", ("or", LAPTOP, BOB)), "cef"),
    (("and", LAPTOP, None), ""),
    (("or", LAPTOP, None), "ad"),
    (("not", ("and", LAPTOP, None)), "cefg"),
    (("not", ("or", LAPTOP, None)), ""),
    (("eq", ("and", LAPTOP, None), None), "Aabd"),
    (("eq", ("or", LAPTOP, None), None), "Abcefg"),
    (("eq", ("not", LAPTOP), None), "Ab"),
    (("or", LAPTOP, ("and", BOB, ("gt", KEYS, 1))), "adg"),
    (None, ""),
    (("not", None), ""),
    (True, ALL),
    (False, ""),
    (("eq", None, None), ALL),
    (("ne", None, None), ""),
    (("ge", None, None), ""),
]


@pytest.mark.parametrize(("tree", "letters"), OPERATORS)
def test_an_operator_has_a_value(client, tree, letters):
    check(client, tree, letters)
