"""The interactive description in a real browser: rendered, and tried out."""

import json

import pytest
from playwright.sync_api import expect

from certstates.addresses import COLLECTION
from certstates.examples import CREATE
from certstates.openapi.operations import OPERATIONS

pytestmark = pytest.mark.browser


def block(page, path, method):
    """Return the part of the page that describes one operation."""
    return page.locator(f".opblock-{method}").filter(
        has=page.locator(f'[data-path="{path}"]')
    )


def opened(page, path, method):
    found = block(page, path, method)
    found.locator(".opblock-summary-control").click()
    expect(found.locator(".execute")).to_be_visible()
    return found


def authorise(page, token):
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(token)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()


def executed(part):
    """Send the request; return the status and the body that the page shows."""
    part.locator(".execute").click()
    live = part.locator(".live-responses-table")
    expect(live).to_be_visible()
    status = live.locator(".response-col_status").last.inner_text()
    body = live.locator(".response-col_description .microlight").first.inner_text()
    return status.split()[0], json.loads(body)


def test_every_operation_is_shown(page, picture):
    page.goto("/docs/")
    page.get_by_role("link", name="Try it here").click()
    expect(page.locator(".opblock")).to_have_count(len(OPERATIONS))
    picture("api")


def test_records_are_created_and_listed_from_the_page(page, desk):
    page.goto("/docs/api/")
    authorise(page, desk[2])
    create = opened(page, f"/{COLLECTION}", "post")
    status, body = executed(create)
    assert status == "201"
    assert body["certificateThumbprint"] == CREATE["certificateThumbprint"]

    part = opened(page, f"/{COLLECTION}", "get")
    status, body = executed(part)
    assert status == "200"
    assert body["value"]


def test_the_page_fits_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/docs/api/")
    expect(page.locator(".opblock").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
