"""The search of the admin's list: it knows what was typed, and says so."""

import pytest
from django.db import connection

from certstates.admin.search import Interpretation, Kind, explained, read
from tests.make import make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
SHA1 = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B"
PAIRS = [SHA1[n : n + 2] for n in range(0, 40, 2)]
UUID = "0193f0a2-5b7c-7d3e-8f90-123456789abc"

NAMES = [Kind.DEVICE, Kind.USER, Kind.SUBJECT, Kind.ID]
DIGITS = [Kind.DIGITS, Kind.ID]
DIGITS_OR_NAMES = [Kind.DIGITS, *NAMES]


def found(staff, query, **more):
    response = staff.get(LIST, {"q": query, **more})
    assert response.status_code == 200, response.headers
    return {record.id for record in response.context["cl"].result_list}


@pytest.mark.parametrize(
    ("text", "kinds", "words"),
    [
        (SHA1, DIGITS, SHA1),
        (SHA1.lower(), DIGITS, SHA1.lower()),
        (":".join(PAIRS), DIGITS, SHA1),
        (" ".join(PAIRS), DIGITS, SHA1),
        ("-".join(PAIRS), DIGITS, SHA1),
        ("0x5A00FF00AA11BB22C", DIGITS, "5A00FF00AA11BB22C"),
        ("5a:00", DIGITS_OR_NAMES, "5a00"),
        ("cafe", DIGITS_OR_NAMES, "cafe"),
        (UUID, DIGITS, UUID.replace("-", "")),
        ("ana@contoso.example", [Kind.USER, Kind.ID], "ana@contoso.example"),
        ("@contoso", [Kind.USER, Kind.ID], "@contoso"),
        ("CN=LAPTOP-1", [Kind.SUBJECT, Kind.ID], "CN=LAPTOP-1"),
        ("ou = Sales", [Kind.SUBJECT, Kind.ID], "ou = Sales"),
        ("LAPTOP-1", NAMES, "LAPTOP-1"),
        ("  laptop ", NAMES, "laptop"),
        ("b", NAMES, "b"),
        ("ab", NAMES, "ab"),
        ("x=y", NAMES, "x=y"),
        ("100%", NAMES, "100%"),
        ("陽菜", NAMES, "陽菜"),
    ],
)
def test_a_text_is_read_as_what_it_looks_like(text, kinds, words):
    interpretations = read(text)
    assert [found.kind for found in interpretations] == kinds
    assert interpretations[0].text == words
    assert interpretations[-1] == Interpretation(Kind.ID, text)


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_an_empty_text_means_nothing(text):
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHA1, "Searched as a serial number or thumbprint or an id."),
        ("ana@", "Searched as a user or an id."),
        ("x1", "Searched as a device, a user, a subject or an id."),
    ],
)
def test_the_page_says_how_it_understood_the_text(staff, text, words):
    assert explained(read(text)) == words
    make_state()
    assert words in staff.get(LIST, {"q": text}).content.decode()


@pytest.mark.parametrize("stored", ["", ":", " ", "-"])
@pytest.mark.parametrize("typed", ["", ":", " ", "-"])
@pytest.mark.parametrize("column", ["thumbprint", "serial_number"])
def test_digits_are_found_however_they_are_separated(staff, stored, typed, column):
    make_state(id="a", **{f"certificate_{column}": stored.join(PAIRS)})
    make_state(id="b", **{f"certificate_{column}": stored.join(PAIRS[1:])})
    assert found(staff, typed.join(PAIRS).lower()) == {"a"}
    assert found(staff, typed.join(PAIRS[:3])) == {"a"}
    assert found(staff, typed.join(PAIRS)[:7]) == {"a"}
    assert found(staff, typed.join([*PAIRS, "00"])) == set()


@pytest.fixture
def three():
    make_state(
        id="Id-1",
        managed_device_display_name="LAPTOP-77_x",
        user_principal_name="Ana.Silva@contoso.example",
        certificate_subject_name="CN=LAPTOP-77, O=Contoso",
        certificate_serial_number="5A00FF",
    )
    make_state(
        id="id-2",
        managed_device_display_name="Jürgen’s iPhone",  # noqa: RUF001
        user_principal_name="juergen@fabrikam.example",
        certificate_subject_name="O=100% Fabrikam",
    )
    make_state(
        id="ana@x",
        managed_device_display_name=None,
        user_principal_name=None,
        certificate_thumbprint="5A00" + "0" * 36,
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("laptop-77", {"Id-1"}),
        ("top-77", {"Id-1"}),
        ("TOP-77_", {"Id-1"}),
        ("7_x", {"Id-1"}),
        ("77%x", set()),
        ("silva@", {"Id-1"}),
        ("@CONTOSO", {"Id-1"}),
        ("lva@con", {"Id-1"}),
        ("Silva@contoso.example", {"Id-1"}),
        ("silva@fabrikam", set()),
        ("silva@contoso.example.", set()),
        ("@nowhere", set()),
        ("jürgen", {"id-2"}),
        ("JÜRGEN", {"id-2"}),
        ("ürg", {"id-2"}),
        ("cn=laptop", {"Id-1"}),
        ("o=100%", {"id-2"}),
        ("o=1%", set()),
        ("o=contoso", set()),
        ("Id-1", {"Id-1"}),
        ("id-1", set()),
        ("ID-2", set()),
        ("ana@x", {"ana@x"}),
        ("5a00", {"Id-1", "ana@x"}),
        ("5a00f", {"Id-1"}),
        ("  5A 00 FF ", {"Id-1"}),
        ("\\", set()),
    ],
)
def test_each_kind_of_text_is_found(staff, three, query, ids):
    assert found(staff, query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [("la", {"Id-1"}), ("aptop", set()), ("ana.", {"Id-1"}), ("@contoso", set())],
)
def test_without_trigrams_names_are_found_by_their_beginning(staff, three, query, ids):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS certstates_device_user_trgm")
    assert found(staff, query) == ids


def test_a_search_goes_together_with_a_filter_and_an_order(staff, three):
    make_state(id="x", certificate_revoke_status=3)
    assert found(staff, "laptop", status="failed", o="-1") == {"x"}


def test_too_long_a_text_is_refused_with_a_word(staff, three):
    response = staff.get(LIST, {"q": "x" * 10_240, "o": "1"}, follow=True)
    assert response.request["QUERY_STRING"] == "o=1"
    page = response.content.decode()
    assert "The search takes 255 characters at most; 10,240 were given." in page


def test_nul_does_no_harm(staff, three):
    response = staff.get(LIST, {"q": "a\0b"})
    assert response.status_code == 200
    assert "Null characters are not allowed." in response.content.decode()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><b>', "a&b;c"])
def test_what_was_typed_is_shown_as_text(staff, text):
    page = staff.get(LIST, {"q": text}).content.decode()
    assert text not in page
