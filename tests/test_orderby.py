"""$orderby: in which order records come."""

import pytest

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.filter_rows import NAMES, ROWS, insert, reader_of_rows
from tests.make import URL, error_of, make_state

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def client(django_db_setup, django_db_blocker):
    with reader_of_rows(django_db_blocker) as client:
        yield client


def walk(client, options):
    """Return the ids of all pages."""
    url, query, found = URL, options, []
    while url:
        page = client.get(url, query)
        assert page.status_code == 200, page.content
        found += [item["id"] for item in page.json()["value"]]
        url, query = page.json().get("@odata.nextLink"), None
    return found


BY_KEYS = "bfdcAgae"
ORDERS = [
    ("id", "Aabcdefg"),
    ("id desc", "gfedcbaA"),
    ("id asc,userPrincipalName desc", "Aabcdefg"),
    ("userPrincipalName", "bceafAgd"),
    ("userPrincipalName desc", "dgAfaecb"),
    ("userPrincipalName desc,id", "dAgafecb"),
    ("USERPRINCIPALNAME DESC , ID ASC", "dAgafecb"),
    ("managedDeviceDisplayName", "Abcgefad"),
    ("certificateKeyUsages", BY_KEYS),
    ("certificateKeyUsages asc", BY_KEYS),
    ("certificateKeyUsages desc", BY_KEYS[::-1]),
    ("certificateRevokeStatus", "aeAgbcdf"),
    ("certificateRevokeStatus desc", "fdcbgAea"),
    ("certificateRevokeStatus desc,id", "dfcbAgae"),
    ("certificateExpirationDateTime", "bfdAeagc"),
    ("certificateExpirationDateTime desc", "cgaeAdfb"),
    ("certificateIssuanceDateTime", "Aabcdefg"),
    ("certificateIssuanceDateTime desc", "gfedcbaA"),
    ("year(certificateExpirationDateTime) desc,certificateKeyUsages", "cgaeAdfb"),
    ("date(certificateExpirationDateTime),id desc", "bfdAgeac"),
    ("time(certificateExpirationDateTime),id", "beagdfAc"),
    ("length(userPrincipalName) desc", "dfaegAcb"),
    ("contains(userPrincipalName,'bob'),id", "bacdefAg"),
    ("certificateKeyUsages gt 0 desc,id", "Aaegbcdf"),
    ("certificateKeyUsages mod 2,id", "bdacfgAe"),
    ("certificateKeyUsages divby 3", BY_KEYS),
    ("-certificateKeyUsages", "b" + BY_KEYS[:0:-1]),
    ("certificateExpirationDateTime sub certificateIssuanceDateTime", "bfdAeagc"),
    ("fractionalseconds(certificateExpirationDateTime) desc", "cAdgfeba"),
    ("tolower(id)", "Aabcdefg"),
    ("concat(id,'x') desc", "gfedcbaA"),
    # What is the same for all records decides nothing.
    ("null", "Aabcdefg"),
    ("1,'x' desc,true,2027-01-01,id desc", "gfedcbaA"),
    ("1 add 1 desc", "gfedcbaA"),
    ("@p,id", "Aabcdefg"),
    ("certificateKeyUsages,certificateKeyUsages desc", BY_KEYS),
    (",".join(["certificateRevokeStatus"] * 8), "aeAgbcdf"),
]


@pytest.mark.parametrize(("text", "letters"), ORDERS)
def test_records_come_in_order_on_pages_of_any_size(client, text, letters):
    expected = [NAMES.get(letter, letter) for letter in letters]
    for option in ("$orderby", "OrderBy"):
        assert walk(client, {option: text}) == expected
    for size in ("1", "3"):
        assert walk(client, {"$orderby": text, "$top": size}) == expected


def test_texts_are_ordered_by_255_characters_and_then_by_id(client):
    State.objects.all().delete()
    same = "x" * 255
    rows = [("b", f"{same}a"), ("c", f"{same}A"), ("a", f"{same}b"), ("d", "x" * 254)]
    insert([{**ROWS[0], "id": id, "user_principal_name": name} for id, name in rows])
    options = {"$orderby": "userPrincipalName", "$top": "1"}
    assert walk(client, options) == ["d", "a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",".join(["id"] * 9), "9 keys; 8 are allowed"),
        ("nope", "character 1: "),
        ("id,nope desc", "character 4: "),
        ("version", "has no property 'version'"),
        ("created_at", "has no property 'created_at'"),
        ("pk", "has no property 'pk'"),
        ("id__length", "has no property 'id__length'"),
        ("-id", "negate is not defined for Edm.String"),
        ("id descending", "character 4: "),
        ("id desc asc", "character 9: "),
        ("id desc,", "end comes too early"),
        ("", "end comes too early"),
        ("id;desc", "character 3: "),
        ("certificateKeyUsages eq 'x'", "character 25: "),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(client, text, words):
    error = error_of(client.get(URL, {"$orderby": text}), 400, "BadRequest")
    assert error["target"] == "$orderby"
    assert words in error["message"]


def test_a_long_text_with_an_id_in_it_makes_no_endless_link(reader):
    for id in ("long-1", "long-2"):
        make_state(id=id, certificate_subject_name="x" * 4096)
    keys = ",".join(["concat(id,certificateSubjectName)"] * 5)
    query = {"$orderby": keys, "$top": "1", "$search": '"id:long"'}
    link = reader.get(URL, query).json()["@odata.nextLink"]
    assert len(link) < 8_192
    assert [item["id"] for item in reader.get(link).json()["value"]] == ["long-2"]
