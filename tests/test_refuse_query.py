"""Query options that mean nothing, or too much: each is refused by name and place."""

import pytest

from tests.make import URL, error_of

pytestmark = pytest.mark.django_db


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
    assert "now is not implemented" in error["message"].replace("NOW", "now")


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


# What is wrong stands at the character of this number.
PLACES = [
    ("$filter", "", 0, "ends too early"),
    ("$filter", "id eq", 0, "ends too early"),
    ("$filter", "(id eq 'a'", 0, "ends too early"),
    ("$filter", "id eq 'a", 7, "this quotation mark is not closed"),
    ("$filter", "id 'a'", 4, "unexpected \"'a'\"; expected an operator"),
    ("$filter", "id eq 'it's'", 11, "unexpected"),
    ("$filter", 'id eq "a"', 7, "a text stands in single quotation marks"),
    ("$filter", 'id in ["a]', 8, "this quotation mark is not closed"),
    ("$filter", r'id in ["\x"]', 8, "this is no text as JSON has it"),
    ("$search", '""', 1, "this phrase is empty"),
    ("$search", 'ana "bob', 5, "this quotation mark is not closed"),
]


@pytest.mark.parametrize(("option", "text", "at", "words"), PLACES)
def test_a_mistake_is_found_in_its_place(reader, option, text, at, words):
    error = error_of(reader.get(URL, {option: text}), 400, "BadRequest")
    assert error["target"] == option
    place = f"{option}, character {at}: " if at else f"{option} "
    assert error["message"].startswith(place)
    assert words in error["message"]
