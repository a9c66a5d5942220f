"""$select, $expand, $count and /$count; how options are written."""

import pytest

from certstates.addresses import COLLECTION
from certstates.middleware import LONGEST_ADDRESS
from tests.make import ROOT, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db):
    for id, status in (("a", 0), ("b", 4), ("c", 4)):
        make_state(id=id, certificate_revoke_status=status)


def test_select_leaves_what_was_asked_for_in_the_entitys_order(reader, three):
    response = reader.get(f"{URL}?$select=certificateKeyUsages, id ,ID&$top=1")
    page = response.json()
    assert page["@odata.context"] == (
        f"{ROOT}beta/$metadata#{COLLECTION}(id,certificateKeyUsages)"
    )
    assert page["value"] == [{"id": "a", "certificateKeyUsages": None}]
    rest = reader.get(page["@odata.nextLink"]).json()["value"]
    assert rest == [{"id": "b", "certificateKeyUsages": None}]


def test_select_without_the_id_still_pages(reader, three):
    page = reader.get(f"{URL}?$select=userPrincipalName&$top=2").json()
    assert page["value"] == 2 * [{"userPrincipalName": "ana@contoso.example"}]
    assert len(reader.get(page["@odata.nextLink"]).json()["value"]) == 1


def test_a_star_selects_everything(reader, three):
    assert reader.get(f"{URL}?$select=*").json() == reader.get(URL).json()
    assert reader.get(f"{URL}?$select=id,*").json() == reader.get(URL).json()


def test_select_shapes_single_records_too(operator):
    created = operator.create(make_body(id="a"), url=f"{URL}?$select=id").json()
    changed = operator.patch(
        f"{URL}/a?$select=id", {"certificateKeyUsages": 1}, "application/json"
    ).json()
    read = operator.get(f"{URL}/a?$select=id").json()
    for entity in (created, changed, read):
        assert [n for n in entity if "@" not in n] == ["id"]
        assert entity["@odata.context"].endswith(f"{COLLECTION}(id)/$entity")


@pytest.mark.parametrize(
    ("value", "place"),
    [("", None), ("id,", None), ("id,nope", 4), ("id nope", 4), ("a/", None)],
)
def test_a_select_that_names_no_property_is_refused(reader, value, place):
    error = error_of(reader.get(URL, {"$select": value}), 400, "BadRequest")
    assert error["target"] == "$select"
    if place:
        assert f"character {place}:" in error["message"]


def test_everything_that_can_be_expanded_is_nothing(reader, three):
    assert reader.get(f"{URL}?$expand=*").json() == reader.get(URL).json()
    assert reader.get(f"{URL}/a?$expand=*").status_code == 200
    for name in ("devices", "", "*,users"):
        error = error_of(reader.get(URL, {"$expand": name}), 400, "BadRequest")
        assert error["target"] == "$expand"


def test_count_is_of_all_that_match_whatever_the_page(reader, three):
    query = "$filter=certificateRevokeStatus eq 'revoked'&$count=true&$top=1"
    page = reader.get(f"{URL}?{query}").json()
    assert [*page] == ["@odata.context", "@odata.count", "@odata.nextLink", "value"]
    assert page["@odata.count"] == 2
    rest = reader.get(page["@odata.nextLink"]).json()
    assert rest["@odata.count"] == 2
    assert "@odata.count" not in reader.get(f"{URL}?$count=false").json()


@pytest.mark.parametrize("value", ["", "1", "yes"])
def test_a_count_that_is_neither_true_nor_false_is_refused(reader, value):
    error = error_of(reader.get(URL, {"$count": value}), 400, "BadRequest")
    assert error["target"] == "$count"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", b"3"),
        ("?$filter=certificateRevokeStatus eq 'revoked'", b"2"),
        ("?$search=revoked", b"2"),
        ("?$filter=id eq 'a'&$search=revoked", b"0"),
        ("?$top=1&$skip=1&$orderby=id", b"3"),
    ],
)
def test_the_count_has_an_address_of_its_own(reader, three, query, count):
    for accept in ("text/plain", "*/*", "application/json"):
        response = reader.get(f"{URL}/$count{query}", headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/plain;charset=utf-8"
        assert response.content == count


def test_the_count_takes_no_other_option(reader):
    error_of(reader.get(f"{URL}/$count?$orderby=nope"), 400, "BadRequest")
    error_of(reader.get(f"{URL}/$count?$top=0"), 400, "BadRequest")
    error_of(reader.get(f"{URL}/$count?$select=id"), 501, "NotImplemented")
    error_of(reader.get(f"{URL}/$count?$count=true"), 501, "NotImplemented")


def test_a_record_with_the_name_of_the_count_is_still_reached(operator):
    response = operator.create(make_body(id="$count"))
    location = response.headers["Location"]
    assert location.endswith("('$count')")
    assert operator.get(location).json()["id"] == "$count"


@pytest.mark.parametrize(
    "name", ["$filter", "filter", "$FILTER", "%24filter", "Filter"]
)
@pytest.mark.parametrize("space", ["%20", "+"])
def test_options_are_known_in_every_spelling(reader, three, name, space):
    query = f"{name}=id{space}eq{space}%27a%27"
    assert [r["id"] for r in reader.get(f"{URL}?{query}").json()["value"]] == ["a"]


def test_a_custom_option_has_no_meaning_and_passes(reader, three):
    assert len(reader.get(f"{URL}?api-version=1&_=5").json()["value"]) == 3


@pytest.mark.parametrize("name", ["fliter", "orderBye", "$fliter", "selct"])
def test_a_misspelled_option_is_not_taken_for_a_custom_one(reader, name):
    error = error_of(reader.get(URL, {name: "x"}), 400, "BadRequest")
    assert error["target"] == name
    assert "Did you mean $" in error["message"]


def test_a_next_link_keeps_every_option(reader, three):
    query = (
        "$filter=userPrincipalName%20ne%20@p&@p=%27x%2By%27&$select=id"
        "&$orderby=id%20desc&$count=true&custom=1&$top=1&$search=LAPTOP"
    )
    link = reader.get(f"{URL}?{query}").json()["@odata.nextLink"]
    assert link.startswith(f"{ROOT}beta/{COLLECTION}?")
    for part in (
        "$filter=userPrincipalName%20ne%20%40p",
        "%40p=%27x%2By%27",
        "$select=id",
        "$orderby=id%20desc",
        "$count=true",
        "custom=1",
        "$top=1",
        "$search=LAPTOP",
        "$skiptoken=",
    ):
        assert part in link
    assert [r["id"] for r in reader.get(link).json()["value"]] == ["b"]


def test_skip_is_of_the_first_page(reader, three):
    page = reader.get(f"{URL}?$skip=1&$top=1").json()
    assert [r["id"] for r in page["value"]] == ["b"]
    link = page["@odata.nextLink"]
    assert "skip=" not in link
    assert [r["id"] for r in reader.get(link).json()["value"]] == ["c"]
    error_of(reader.get(f"{link}&$skip=1"), 400, "BadRequest")


def test_a_write_takes_only_what_shapes_its_answer(operator):
    response = operator.create(make_body(), url=f"{URL}?$filter=id eq 'a'")
    assert error_of(response, 501, "NotImplemented")["target"] == "$filter"
    response = operator.delete(f"{URL}/a?$select=id")
    error_of(response, 501, "NotImplemented")


@pytest.mark.parametrize("id", ["$x", "graph.x", "Microsoft.Graph.x()", "delta"])
def test_an_id_like_a_segment_of_odata_is_written_in_parentheses(operator, id):
    location = operator.create(make_body(id=id)).headers["Location"]
    assert location.endswith(f"('{id}')")
    assert operator.get(location).json()["id"] == id


@pytest.mark.parametrize(
    "segment",
    [
        "$ref",
        "$query",
        "$each",
        "$value",
        "$filter(id eq 'a')",
        "microsoft.graph.managedAllDeviceCertificateState",
        "graph.other()",
        "$ref/x",
    ],
)
def test_a_segment_of_odata_is_no_id(reader, segment):
    error = error_of(reader.get(f"{URL}/{segment}"), 501, "NotImplemented")
    assert error["target"] == segment.partition("/")[0]


def test_a_link_may_be_longer_than_the_request_that_it_follows(reader, three):
    names = ",".join(f"'{n:04d}'" for n in range(1500))
    query = f"$filter=not (id in ({names}))&$top=1"
    link = reader.get(f"{URL}?{query}").json()["@odata.nextLink"]
    assert len(query) < LONGEST_ADDRESS < len(link)
    padded = f"{link}&custom={'x' * (40_000 - len(link))}"
    assert [r["id"] for r in reader.get(padded).json()["value"]] == ["b"]
    error_of(reader.get(f"{padded}{'x' * 30_000}"), 414, "UriTooLong")


@pytest.mark.parametrize("segment", ["$", "$0", "$reference", "$metadata", "$top=1"])
def test_a_segment_that_odata_does_not_know_is_a_bad_request(reader, segment):
    error_of(reader.get(f"{URL}/{segment}"), 400, "BadRequest")
