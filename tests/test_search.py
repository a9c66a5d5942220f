"""$search: words, phrases and properties, in any case and with their operators."""

import pytest

from tests.filter_rows import NAMES, ids, reader_of_rows
from tests.make import URL, error_of

pytestmark = pytest.mark.django_db

ALL = "Aabcdefg"


@pytest.fixture(scope="module")
def client(django_db_setup, django_db_blocker):
    with reader_of_rows(django_db_blocker) as client:
        yield client


# The status names are none, pending, issued, failed and revoked, by number.
FOUND = [
    ("ana", "aef"),
    ("ANA", "aef"),
    ("éva", "e"),
    ("@x.example", "aef"),
    ("bob", "Ag"),
    ("zzz", ""),
    # The id matches as it is written, and texts in any case.
    ("A", "Aadef"),
    ("ü'g", "g"),
    ("Ü'G", ""),
    ("%", "dg"),
    ("_", "d"),
    ("\\", "d"),
    ("100%_\\", "d"),
    # A status matches by its whole name.
    ("pending", "Ag"),
    ("PENDING", "Ag"),
    ("pend", ""),
    ("none", "ae"),
    ("revoked", "df"),
    # AND, OR, NOT, parentheses; AND may be left out, and binds more tightly than OR.
    ("ana laptop", "a"),
    ("ana AND laptop", "a"),
    ("ana OR bob", "Aaefg"),
    ("bob pending OR laptop", "Aadg"),
    ("laptop OR bob revoked", "ad"),
    ("(laptop OR bob) revoked", "d"),
    ("NOT ana", "Abcdg"),
    ("NOT NOT ana", "aef"),
    ("NOT zzz", ALL),
    ("ana NOT laptop", "ef"),
    ("NOT ana AND NOT bob", "bcd"),
    ("NOT (ana OR bob)", "bcd"),
    ("NOT ana OR laptop", "Aabcdg"),
    ("(ana)", "aef"),
    ("((ana) OR (bob))", "Aaefg"),
    ("ana\tOR\nbob", "Aaefg"),
    # Operators are in upper case; any other is a word.
    ("ana or bob", ""),
    ("ana Or", ""),
    ("not", ""),
    ("ORacle", ""),
    ("NOTana", ""),
    # Phrases.
    ('"ok"', "d"),
    ('"100%_\\\\ ok"', "d"),
    ('"it\'s 100"', "d"),
    ('" Éva "', "e"),
    ('"ana" "laptop"', "a"),
    ('"ana"OR"bob"', "Aaefg"),
    ('"AND"', ""),
    ('NOT "bob"', "abcdef"),
    ('"b\\ob"', "Ag"),
    # "property:value" looks in one property.
    ('"userPrincipalName:ana"', "af"),
    ('"USERPRINCIPALNAME: Ana@X.example "', "af"),
    ('"managedDeviceDisplayName:ana"', "e"),
    ('NOT "managedDeviceDisplayName:laptop"', "Abcefg"),
    ('"id:A"', "A"),
    ('"id:a"', "a"),
    ('"certificateRevokeStatus:pending"', "Ag"),
    ('"certificateRevokeStatus:Revoked"', "df"),
    ('"certificateRevokeStatus:4"', "df"),
    ('"userPrincipalName:bob" OR "certificateRevokeStatus:issued"', "Abg"),
    ('"userPrincipalName:ana" laptop', "a"),
    # What is no property is a text with a colon, and so is a word.
    ('"nope:ana"', ""),
    ('"100%:x"', ""),
]


@pytest.mark.parametrize(("text", "letters"), FOUND)
def test_a_search_finds(client, text, letters):
    page = client.get(URL, {"$search": text})
    assert page.status_code == 200, page.content
    assert {item["id"] for item in page.json()["value"]} == ids(letters)
    count = client.get(f"{URL}/$count", {"$search": text})
    assert count.content.decode() == str(len(letters))


@pytest.mark.parametrize("option", ["$search", "search", "%24Search", "$SEARCH"])
def test_the_option_has_several_names(client, option):
    page = client.get(f"{URL}?{option}=bob").json()
    assert {item["id"] for item in page["value"]} == ids("Ag")


def test_a_search_goes_with_the_other_options(client):
    options = {
        "$search": "ana OR bob",
        "$filter": "certificateKeyUsages gt 0",
        "$orderby": "certificateKeyUsages desc",
        "$count": "true",
        "$top": "3",
        "$select": "id",
    }
    page = client.get(URL, options).json()
    rest = client.get(page["@odata.nextLink"]).json()
    found = [item["id"] for item in page["value"] + rest["value"]]
    assert found == ["e", "a", NAMES["g"], "A"]
    assert [page["@odata.count"], rest["@odata.count"]] == [4, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "end comes too early"),
        ("  ", "end comes too early"),
        ("ana AND", "end comes too early"),
        ("ana OR", "end comes too early"),
        ("NOT", "end comes too early"),
        ("(ana", "end comes too early"),
        ("OR ana", "character 1: "),
        ("AND", "character 1: "),
        ("ana OR OR bob", "character 8: "),
        ("ana)", "character 4: "),
        ("()", "character 2: "),
        ('"ana', "character 1: this quotation mark is not closed"),
        ('ana "', "character 5: this quotation mark is not closed"),
        ("x userPrincipalName:ana", "character 3: a property stands in quotation"),
        ('"userPrincipleName:ana"', "did you mean userPrincipalName?"),
        ('""', "character 1: this phrase is empty"),
        ("a\0b", "character 1: This text must not contain NUL"),
        ('"id:\0"', "character 1: This text must not contain NUL"),
        ('"userPrincipalName:"', "character 1: what to look for is missing after user"),
        ('"certificateRevokeStatus:gone"', "character 1: Unknown member 'gone'"),
        ('x "certificateKeyUsages:1"', "character 3: certificateKeyUsages holds no"),
        ('"certificateExpirationDateTime:2027"', "character 1: certificateExp"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(client, text, words):
    error = error_of(client.get(URL, {"$search": text}), 400, "BadRequest")
    assert error["target"] == "$search"
    assert words in error["message"]


def test_a_search_is_no_option_of_one_record(client):
    error = error_of(client.get(f"{URL}/a?$search=x"), 501, "NotImplemented")
    assert error["target"] == "$search"
