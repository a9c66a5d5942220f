"""The morning round in a real browser: sign in, look, search, correct."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from certstates.addresses import COLLECTION
from certstates.examples import CREATE
from tests.desk import fetch
from tests.e2e.staff import LIST, sign_in

pytestmark = pytest.mark.browser

RECORDS = f"/beta/{COLLECTION}"


def post(url, token, body):
    request = urllib.request.Request(
        f"{url}{RECORDS}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["id"]


def test_a_posted_record_is_seen_and_corrected(page, desk, picture):
    url, password, token = desk
    device = f"LAPTOP-E2E-{page.scheme}"
    subject = "CN=first line,\r\nO=second line\twith a tab"
    body = {**CREATE, "certificateSubjectName": subject}
    id = post(url, token, {**body, "managedDeviceDisplayName": device})

    page.goto("/")
    picture("landing")
    sign_in(page, password)
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Records").click()
    page.locator("#searchbar").fill(device.lower())
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.get_by_role("link", name=device).click()

    page.get_by_label("Device:").fill("<i>CORRECTED</i>")
    page.get_by_label("Revocation:").select_option("Revocation pending")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("<i>CORRECTED</i>")

    _, body = fetch(f"{url}{RECORDS}/{id}", Authorization=f"Bearer {token}")
    answer = json.loads(body)
    assert answer["managedDeviceDisplayName"] == "<i>CORRECTED</i>"
    assert answer["certificateRevokeStatus"] == "pending"
    assert answer["certificateSubjectName"] == subject
    assert answer["certificateExpirationDateTime"] == CREATE[
        "certificateExpirationDateTime"
    ]  # fmt: skip


def test_a_record_is_added_filtered_and_deleted(page, desk):
    sign_in(page, desk[1])
    page.goto("/admin/certstates/managedalldevicecertificatestate/add/")
    page.get_by_label("Device:").fill(f"BY-HAND-{page.scheme}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errornote")).to_contain_text("correct the errors")

    for name in ("issuance", "expiration"):
        date = page.locator(f"[name=certificate_{name}_date_time_0]")
        date.fill("2020-01-01")
        page.locator(f"[name=certificate_{name}_date_time_1]").fill("10:00:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("added")

    page.get_by_role("link", name="Expired", exact=True).click()
    page.get_by_role("link", name=f"BY-HAND-{page.scheme}").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="sure").click()
    expect(page.locator(".messagelist .success")).to_contain_text("deleted")


def test_the_docs_page_can_be_read(page):
    page.goto("/docs/")
    expect(page.get_by_role("heading", name="Access tokens")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/docs/"])
def test_pages_fit_a_phone(page, path):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(path)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_the_look_can_be_switched_and_is_remembered(page, desk):
    sign_in(page, desk[1])
    ground = "getComputedStyle(document.body).backgroundColor"
    first = page.evaluate(ground)
    page.get_by_role("button", name="Toggle theme").click()
    switched = page.evaluate(ground)
    assert switched != first
    page.reload()
    assert page.evaluate(ground) == switched


def test_the_first_key_leads_past_the_head(page, desk):
    sign_in(page, desk[1])
    page.goto(LIST)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
