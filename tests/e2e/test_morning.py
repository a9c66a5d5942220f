"""A morning at the admin, from logging in to logging out, as a person spends it."""

import csv
import io
import json
import re

import pytest
from playwright.sync_api import expect

from certstates.addresses import COLLECTION
from certstates.examples import CREATE
from tests.desk import fetch
from tests.e2e.furniture import FURNISH, PASSWORD
from tests.e2e.staff import LIST, sign_in
from tests.e2e.watch import Watch

pytestmark = pytest.mark.browser

BOOTHS = 60  # more than a page of the list has


@pytest.fixture
def person(browser, desk):
    """Return a function that sits somebody down; nobody may meet any trouble."""
    seated = []

    def sit(name, password):
        context = browser.new_context(base_url=desk[0])
        seated.append((context, Watch(context, origin=desk[0])))
        page = context.new_page()
        sign_in(page, password, name=name)
        return page

    yield sit
    for context, watch in seated:
        context.close()
        assert watch.take() == []


@pytest.fixture
def admin(person, desk):
    return person("admin", desk[1])


@pytest.fixture
def editor(person, newcomer):
    code, out, err = newcomer[0].run("shell", "-c", FURNISH)
    assert code == 0, out + err
    return person("editor", PASSWORD)


@pytest.fixture
def stored(desk):
    """Return a function that asks the API what is stored."""
    url, _, token = desk

    def ask(device):
        query = f"$filter=startswith(managedDeviceDisplayName,'{device}')"
        address = f"{url}/beta/{COLLECTION}?{query.replace(' ', '%20')}"
        status, body = fetch(address, Authorization=f"Bearer {token}")
        assert status == 200, body
        return json.loads(body)["value"]

    return ask


def booths():
    """Return a file as another system would write it."""
    names = [name for name in CREATE if not name.startswith("@")]
    file = io.StringIO()
    rows = csv.DictWriter(file, names)
    rows.writeheader()
    for number in range(BOOTHS):
        device = f"BOOTH-{number:02}"
        own = {"managedDeviceDisplayName": device, "certificateSubjectName": device}
        rows.writerow({**{name: CREATE[name] for name in names}, **own})
    return file.getvalue().encode()


def said(page):
    return page.locator(".messagelist")


def search(page, words):
    """Find records by the keyboard alone, from wherever the list stands."""
    page.goto(LIST)
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value(words)


def records(page):
    return page.locator("#result_list tbody tr")


def statuses(rows):
    return {row["certificateRevokeStatus"] for row in rows}


def find_and_remember(page):
    """Go from the first page to what expires soon, and keep the search."""
    page.get_by_role("link", name=re.compile(r"^\d+ records$")).click()
    search(page, "laptop-01")
    page.get_by_role("link", name="Within 30 days").click()
    narrowing = page.get_by_role("list", name="What the list is narrowed to")
    expect(narrowing).to_contain_text("30 days")
    found = records(page).count()
    assert found
    page.get_by_role("link", name="Save this search…").click()
    page.get_by_label("Name:").fill("Laptops, soon")
    page.get_by_role("button", name="Save").click()
    page.goto("/admin/")
    page.get_by_role("link", name="Laptops, soon").click()
    expect(records(page)).to_have_count(found)


def open_record(page, device):
    search(page, device)
    page.get_by_role("link", name=device, exact=True).click()
    expect(page.get_by_label("Device:")).to_have_value(device)


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def edit_at_once(one, other, stored):
    """Two people edit the same record; the slower one is told, and loses nothing."""
    for page in (one, other):
        open_record(page, "LAPTOP-0102")
    one.get_by_label("User:").fill("noor@contoso.example")
    one.get_by_label("Reason:").fill("It was handed over.")
    save(one)
    expect(said(one)).to_contain_text("changed successfully")

    other.get_by_label("Revocation:").select_option("Revocation pending")
    save(other)
    alert = other.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was saved")
    expect(alert).to_contain_text("noor@contoso.example")
    expect(other.get_by_label("User:")).to_have_value("noor@contoso.example")
    save(other)
    expect(said(other)).to_contain_text("changed successfully")
    [row] = stored("LAPTOP-0102")
    assert row["userPrincipalName"] == "noor@contoso.example"
    assert row["certificateRevokeStatus"] == "pending"


def bring_in(page, stored):
    page.goto(LIST)
    page.get_by_role("link", name="Import", exact=True).click()
    file = {"name": "booths.csv", "mimeType": "text/csv", "buffer": booths()}
    page.get_by_label("File:").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#content")).to_contain_text("Nothing is saved yet")
    assert stored("BOOTH-") == []
    page.get_by_role("button", name=f"Import {BOOTHS} records").click()
    expect(said(page)).to_contain_text(f"{BOOTHS} records added")
    assert len(stored("BOOTH-")) == BOOTHS


def revoke_all(page, stored):
    search(page, "booth-")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Select all matching records").click()
    page.get_by_label("Action:").select_option("Mark as “Revocation pending”")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{BOOTHS} records")
    assert statuses(stored("BOOTH-")) == {"none"}
    page.get_by_label("Reason").fill("The booths are gone.")
    page.get_by_role("button", name="Mark as").click()
    expect(said(page)).to_contain_text(f"{BOOTHS} records marked")
    assert statuses(stored("BOOTH-")) == {"pending"}


def undo(page, stored):
    said(page).get_by_role("link", name="Undo…").click()
    expect(page.locator("#content")).to_contain_text("values from before")
    page.get_by_role("button", name="Revert", exact=True).click()
    expect(said(page)).to_contain_text(f"{BOOTHS} records were taken back")
    assert statuses(stored("BOOTH-")) == {"none"}
    assert len(stored("BOOTH-")) == BOOTHS


def take_away(page):
    search(page, "booth-")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Export CSV", exact=True).click()
    text = begun.value.path().read_text(encoding="utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(text))]
    assert len(rows) == BOOTHS
    assert all(r["managedDeviceDisplayName"].startswith("BOOTH-") for r in rows)


def log_out(page):
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    page.goto(LIST)
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_morning(admin, editor, stored):
    find_and_remember(admin)
    edit_at_once(admin, editor, stored)
    bring_in(admin, stored)
    revoke_all(admin, stored)
    undo(admin, stored)
    take_away(admin)
    log_out(admin)
