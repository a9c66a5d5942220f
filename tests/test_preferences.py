"""The header Prefer: what is done of it is said in Preference-Applied."""

import pytest

from certstates.addresses import COLLECTION
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.preferences import Preferences
from tests.effort import ended_at_once
from tests.make import ROOT, URL, make_body, make_state

pytestmark = pytest.mark.django_db


def test_a_created_record_is_not_sent_back_to_who_prefers_nothing(operator):
    response = operator.create(make_body(id="a"), headers={"Prefer": "return=minimal"})
    assert response.status_code == 204
    assert response.content == b""
    assert "Content-Type" not in response.headers
    assert response.headers["Preference-Applied"] == "return=minimal"
    address = f"{ROOT}beta/{COLLECTION}/a"
    assert response.headers["Location"] == address
    assert response.headers["OData-EntityId"] == address
    assert response.headers["ETag"] == operator.read("a").headers["ETag"]
    assert State.objects.get().managed_device_display_name == "LAPTOP-4711"


def test_a_changed_record_is_not_sent_back_to_who_prefers_nothing(operator):
    make_state(id="a")
    change = {"certificateKeyUsages": 4}
    response = operator.change("a", change, headers={"Prefer": "return=minimal"})
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["Preference-Applied"] == "return=minimal"
    assert State.objects.get().certificate_key_usages == 4


def test_the_representation_is_sent_and_said_to_be_preferred(operator):
    prefer = {"Prefer": "return=representation"}
    created = operator.create(make_body(id="a"), headers=prefer)
    changed = operator.change("a", {"certificateKeyUsages": 4}, headers=prefer)
    for response, status in ((created, 201), (changed, 200)):
        assert response.status_code == status
        assert response.json()["id"] == "a"
        assert response.headers["Preference-Applied"] == "return=representation"


@pytest.mark.parametrize("name", ["odata.maxpagesize", "maxpagesize"])
def test_a_preferred_page_size_holds_on_every_page(reader, name):
    for n in range(5):
        make_state(id=f"id-{n}")
    response = reader.get(URL, headers={"Prefer": f"{name}=2"})
    assert response.headers["Preference-Applied"] == f"{name}=2"
    sizes, page = [], response.json()
    while page:
        sizes.append(len(page["value"]))
        link = page.get("@odata.nextLink")
        page = reader.get(link).json() if link else None
    assert sizes == [2, 2, 1]


def test_the_smaller_one_of_top_and_the_preferred_size_counts(reader):
    for n in range(4):
        make_state(id=f"id-{n}")
    prefer = {"Prefer": "odata.maxpagesize=2"}
    assert len(reader.get(f"{URL}?$top=3", headers=prefer).json()["value"]) == 2
    page = reader.get(f"{URL}?$top=1", headers=prefer).json()
    assert len(reader.get(page["@odata.nextLink"]).json()["value"]) == 1
    assert len(reader.get(f"{URL}?$top=1", headers=prefer).json()["value"]) == 1


def test_without_a_preference_nothing_is_said_to_be_applied(operator):
    for response in (operator.get(URL), operator.create(make_body())):
        assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize(
    "header",
    [
        "",
        "respond-async, wait=10",
        "odata.maxpagesize=0",
        "odata.maxpagesize=-1",
        "odata.maxpagesize=many",
        "odata.maxpagesize",
        "return=everything",
        ",,;;==",
        '"',
    ],
)
def test_a_preference_that_makes_no_sense_is_passed_over(operator, header):
    assert Preferences.of(header) == Preferences(page_size_name=header[:17]) or (
        Preferences.of(header) == Preferences()
    )
    response = operator.create(make_body(), headers={"Prefer": header})
    assert response.status_code == 201
    assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize(
    ("header", "returns", "size"),
    [
        ("return=minimal", "minimal", None),
        ('Return="minimal"', "minimal", None),
        ("return = minimal ; x=y", "minimal", None),
        ("return=minimal, return=representation", "minimal", None),
        ("x, odata.maxpagesize=5;y, return=representation", "representation", 5),
        ("maxpagesize=99999", None, 1000),
        ('odata.include-annotations="*",maxpagesize=3', None, 3),
    ],
)
def test_preferences_are_read_as_rfc_7240_writes_them(header, returns, size):
    found = Preferences.of(header)
    assert (found.returns, found.page_size) == (returns, size)


@pytest.mark.parametrize("header", ["a" * 100_000 + '"', "a" + " " * 100_000 + '"'])
def test_an_endless_preference_is_passed_over_at_once(header):
    with ended_at_once():
        assert Preferences.of(header) == Preferences()
