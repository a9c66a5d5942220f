"""Records out to a file and back in, by somebody with a browser."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.staff import LIST, sign_in

pytestmark = pytest.mark.browser


def choose(page, content, name="states.csv"):
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Preview").click()


def test_the_list_is_exported_edited_and_imported(page, desk):
    sign_in(page, desk[1])
    page.goto(f"{LIST}?q=LAPTOP")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    exported = Path(download.value.path()).read_text("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(exported, newline=""))]
    assert len(rows) > 5
    assert all("LAPTOP" in str(row) for row in rows)

    for row in rows[:2]:
        row["userPrincipalName"] = f"{page.scheme}@fabrikam.example"
    rows[2] |= {"id": "", "managedDeviceDisplayName": f"LAPTOP-{page.scheme}"}
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)

    page.goto(LIST)
    page.get_by_role("link", name="Import", exact=True).click()
    choose(page, buffer.getvalue().encode())
    expect(page.locator(".headline")).to_have_text(
        "Nothing is saved yet. If you confirm, 1 record will be added and 2 records "
        "changed."
    )
    page.get_by_label("Reason").fill("moved to Fabrikam")
    page.get_by_role("button", name="Import 3 records").click()
    expect(page.locator(".messagelist .success")).to_contain_text("1 record added")


def test_what_is_too_large_is_told_before_and_after_the_upload(
    page, desk, browser, tmp_path
):
    large = tmp_path / "x.csv"
    large.write_bytes(bytes(11 * 1024**2))
    sign_in(page, desk[1])
    page.goto(f"{LIST}import/")
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator("#too-large")).to_contain_text("11 MB")
    expect(page.get_by_role("button", name="Preview")).to_be_disabled()

    state = page.context.storage_state()
    context = browser.new_context(
        base_url=desk[0], storage_state=state, java_script_enabled=False
    )
    plain = context.new_page()
    plain.goto(f"{LIST}import/")
    plain.locator("input[type=file]").set_input_files(large)
    plain.get_by_role("button", name="Preview").click()
    expect(plain.locator(".errornote").first).to_contain_text("import_states")
    context.close()
