"""One record's page in a real browser: copied from, overtaken, and gone."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from certstates.addresses import COLLECTION
from certstates.examples import CREATE
from tests.e2e.axe import assert_accessible
from tests.e2e.staff import LIST, sign_in

pytestmark = pytest.mark.browser

DEVICE, USER, EXPIRES = "Device:", "User:", "certificate_expiration_date_time_0"


@pytest.fixture
def api(desk):
    """Return a function that asks the API."""
    url, _, token = desk

    def ask(method, path="", body=None):
        request = urllib.request.Request(
            f"{url}/beta/{COLLECTION}{path}",
            body and json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as response:
            return response.read()

    return ask


@pytest.fixture
def record(page, desk, api):
    """Sign in, and return the id of a record that looks odd in every way."""
    id = f"record-{page.scheme}"
    odd = {
        "certificateIssuanceDateTime": "2030-01-01T00:00:00Z",
        "certificateThumbprint": "9F\t<odd>",
        "certificateSubjectName": "CN=<b>1</b>,\r\nO=2",
    }
    api("POST", body={**CREATE, "id": id, **odd})
    sign_in(page, desk[1])
    yield id
    if page.request.get(f"{LIST}{id}/change/", max_redirects=0).status == 200:
        api("DELETE", f"/{id}")


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()


def look_at(page):
    """Judge the page on a desk and on a phone."""
    for width in (1360, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1360, "height": 900})


@pytest.mark.parametrize("door", ["clipboard", "plain http"])
def test_values_are_copied_as_they_are_stored(page, record, api, door):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if door == "plain http":
        page.add_init_script(
            "const real = navigator.clipboard; self.pasted = () => real.readText();"
            "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        )
    else:
        page.add_init_script("self.pasted = () => navigator.clipboard.readText()")
    page.goto(f"{LIST}{record}/change/")
    page.locator(".as-json summary").click()
    status = page.get_by_role("status")
    for name, stored in {
        "Copy the thumbprint": "9F\t<odd>",
        "Copy the subject": "CN=<b>1</b>,\nO=2",
        "Copy the id": record,
    }.items():
        page.get_by_role("button", name=name).click()
        expect(status).to_have_text(name.replace("Copy", "Copied") + ".")
        assert page.evaluate("pasted()").replace("\r", "") == stored
    page.get_by_role("button", name="Copy the JSON").click()
    expect(status).to_have_text("Copied the JSON.")
    assert json.loads(page.evaluate("pasted()")) == json.loads(api("GET", f"/{record}"))
    look_at(page)


def test_without_scripts_nothing_is_offered_that_needs_them(
    browser, desk, page, record
):
    context = browser.new_context(
        base_url=desk[0],
        storage_state=page.context.storage_state(),
        java_script_enabled=False,
    )
    bare = context.new_page()
    bare.goto(f"{LIST}{record}/change/")
    expect(bare.get_by_label(DEVICE)).to_be_visible()
    expect(bare.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()


def test_who_is_overtaken_decides_and_nothing_is_lost(page, record, api, picture):
    page.goto(f"{LIST}{record}/change/")
    expect(page.get_by_role("heading", name="Worth a look")).to_be_visible()
    page.get_by_label(DEVICE).fill("MINE")
    page.get_by_label(USER).fill("mine@contoso.example")
    page.locator(f"[name={EXPIRES}]").fill("2031-01-01")
    theirs = {
        "userPrincipalName": "theirs@contoso.example",
        "certificateExpirationDateTime": "2032-02-02T00:00:00Z",
        "certificateIssuerName": "THEIRS",
    }
    api("PATCH", f"/{record}", theirs)
    save(page)

    expect(page.get_by_role("heading", name="Nothing was saved")).to_be_visible()
    expect(page.locator(".overtaken")).to_contain_text("by first-client via API")
    look_at(page)
    picture("conflict")
    page.get_by_role("button", name="Use this for Expires").click()
    expect(page.locator(f"[name={EXPIRES}]")).to_have_value("2032-02-02")
    expect(page.locator(f"[name={EXPIRES}]")).to_be_focused()
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()
    now = json.loads(api("GET", f"/{record}"))
    assert now["managedDeviceDisplayName"] == "MINE"
    assert now["userPrincipalName"] == "mine@contoso.example"
    assert now["certificateIssuerName"] == "THEIRS"
    assert now["certificateExpirationDateTime"] == "2032-02-02T00:00:00Z"


def test_what_was_entered_for_a_deleted_record_can_be_created_again(page, record, api):
    page.goto(f"{LIST}{record}/change/")
    page.get_by_label(DEVICE).fill("KEPT")
    api("DELETE", f"/{record}")
    save(page)
    expect(page.get_by_role("heading", name="deleted while you edited")).to_be_visible()
    look_at(page)
    page.get_by_role("button", name="Create it again").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    now = json.loads(api("GET", f"/{record}"))
    assert now["managedDeviceDisplayName"] == "KEPT"
    assert now["certificateSubjectName"] == "CN=<b>1</b>,\r\nO=2"


def test_the_longest_texts_fit_the_page(page, record, api):
    long = {"managedDeviceDisplayName": "W" * 4096, "userPrincipalName": "x" * 4096}
    api("PATCH", f"/{record}", {**long, "certificateThumbprint": "9" * 255})
    page.goto(f"{LIST}{record}/change/")
    look_at(page)
