"""GET of one record and of the list."""

import pytest
from django.forms import model_to_dict

from certstates.addresses import COLLECTION
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import ROOT, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


def test_what_was_posted_is_read_back(operator, reader):
    created = operator.create(make_body()).json()
    response = reader.read(created["id"])
    assert response.status_code == 200
    assert response.json() == created


@pytest.mark.parametrize(
    ("id", "address"),
    [
        ("abc", "/abc"),
        ("abc", "/abc/"),
        ("abc", "('abc')"),
        ("abc", "(id='abc')"),
        ("abc", "%28%27abc%27%29"),
        ("ab'c", "('ab''c')"),
        ("ab'c", "/ab'c"),
        ("a b", "('a%20b')"),
        ("(x)", "/(x)"),
        ("(x)", "('(x)')"),
    ],
)
def test_both_forms_of_a_key_lead_to_the_record(reader, id, address):
    make_state(id=id)
    assert reader.get(URL + address).json()["id"] == id


@pytest.mark.parametrize("id", ["ABC", "abcd", "abc ", "nope", "%00", "a%ff"])
def test_an_unknown_id_is_not_found(reader, id):
    make_state(id="abc")
    response = reader.get(f"{URL}('{id}')")
    if id == "%00":  # no id can hold it
        error_of(response, 400, "BadRequest")
    else:
        error_of(response, 404, "ResourceNotFound")


def test_the_list_of_nothing_is_an_empty_page(reader):
    response = reader.get(URL)
    assert response.status_code == 200
    assert response.json() == {
        "@odata.context": f"{ROOT}beta/$metadata#{COLLECTION}",
        "value": [],
    }


def test_the_list_holds_whole_records_without_control_information(operator):
    entity = operator.create(make_body()).json()
    [item] = operator.get(URL).json()["value"]
    assert item == {name: entity[name] for name in entity if "@" not in name}


def test_the_first_page_has_1000_records_and_leads_to_the_rest(reader):
    values = model_to_dict(make_state(id="0000"))
    State.objects.bulk_create(
        State(**{**values, "id": f"{n:04d}"}) for n in range(1, 1001)
    )
    page = reader.get(URL).json()
    assert [r["id"] for r in page["value"]] == [f"{n:04d}" for n in range(1000)]
    rest = reader.get(page["@odata.nextLink"]).json()
    assert [r["id"] for r in rest["value"]] == ["1000"]
    assert "@odata.nextLink" not in rest


@pytest.mark.parametrize("option", ["$top", "top", "%24top", "$TOP"])
def test_top_is_the_page_size_and_next_links_keep_it(reader, option):
    for n in range(5):
        make_state(id=f"id-{n}")
    url, pages = f"{URL}?{option}=2&custom=%7Bx%7D", []
    while url:
        assert "{" not in url
        page = reader.get(url).json()
        pages.append([r["id"] for r in page["value"]])
        url = page.get("@odata.nextLink")
    assert pages == [["id-0", "id-1"], ["id-2", "id-3"], ["id-4"]]


def test_a_page_that_is_just_full_is_the_last(reader):
    make_state(id="a")
    make_state(id="b")
    assert "@odata.nextLink" not in reader.get(f"{URL}?$top=2").json()


def test_a_top_over_the_maximum_is_capped(reader):
    assert reader.get(f"{URL}?$top=99999999999999999999").status_code == 200


@pytest.mark.parametrize("value", ["0", "00", "-1", "1.5", "x", "", "٣", "1e3", "+1"])
def test_a_top_that_is_no_page_size_is_a_bad_request(reader, value):
    response = reader.get(URL, {"$top": value})
    assert error_of(response, 400, "BadRequest")["target"] == "$top"


def test_pages_neither_repeat_nor_skip_while_records_come_and_go(operator):
    for n in range(0, 10, 2):
        make_state(id=f"id-{n}")
    page = operator.get(f"{URL}?$top=2").json()
    operator.delete(f"{URL}/id-2")
    make_state(id="id-1")
    make_state(id="id-3")
    rest = operator.get(page["@odata.nextLink"].replace("$top=2", "$top=9")).json()
    assert [r["id"] for r in rest["value"]] == ["id-3", "id-4", "id-6", "id-8"]


@pytest.mark.parametrize("token", ["", "x", "WyJhIl0", "WyJhIl0:forged"])
def test_a_forged_skiptoken_is_a_bad_request(reader, token):
    response = reader.get(URL, {"$skiptoken": token})
    assert error_of(response, 400, "BadRequest")["target"] == "$skiptoken"


def test_an_option_that_does_not_exist_is_a_bad_request(reader):
    response = reader.get(URL, {"$fliter": "x"})
    assert error_of(response, 400, "BadRequest")["target"] == "$fliter"


def test_an_option_given_twice_is_a_bad_request(reader):
    error_of(reader.get(f"{URL}?$top=1&$top=2"), 400, "BadRequest")
    error_of(reader.get(f"{URL}?$top=1&top=1"), 400, "BadRequest")


def test_a_list_costs_the_same_queries_for_1_and_for_100_records(
    reader, django_assert_num_queries
):
    make_state()
    with django_assert_num_queries(2):  # the token and the page
        reader.get(URL)
    for _ in range(99):
        make_state()
    with django_assert_num_queries(2):
        assert len(reader.get(URL).json()["value"]) == 100


def test_head_answers_as_get_without_a_body(reader):
    make_state(id="a")
    for url in (URL, f"{URL}/a"):
        response = reader.head(url)
        assert response.status_code == 200
        assert response.content == b""


def test_options_names_the_methods(reader):
    response = reader.options(URL)
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_does_not_look_at_the_query(reader):
    for query in ("$expand=*", "$top=x", "$nope=1"):
        assert reader.options(f"{URL}?{query}").status_code == 204
