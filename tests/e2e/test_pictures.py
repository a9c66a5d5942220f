"""The pictures in docs: taken anew with SCREENSHOTS=docs, and small enough to keep."""

import datetime as dt
import json
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from certstates.addresses import COLLECTION
from tests.desk import fetch
from tests.e2e.conftest import PICTURES
from tests.e2e.staff import LIST, sign_in

LOOKS = {
    "": ("light", {"width": 1200, "height": 750}),
    "-dark": ("dark", {"width": 1200, "height": 750}),
    "-phone": ("light", {"width": 390, "height": 760}),
}
NAMES = ["dashboard", "list", "form", "history"]
LARGEST = 150 * 1024


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_enough_to_keep(name, look):
    path = settings.BASE_DIR / "docs" / f"{name}{look}.png"
    assert path.stat().st_size <= LARGEST


def soon(desk):
    """Return the address of a healthy record that expires in ten days or so."""
    url, _, token = desk
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)
    query = (
        f"$filter=certificateExpirationDateTime%20gt%20{day}T00:00:00Z"
        "%20and%20certificateRevokeStatus%20eq%20'none'"
        "&$orderby=certificateExpirationDateTime&$top=1"
    )
    _, body = fetch(f"{url}/beta/{COLLECTION}?{query}", Authorization=f"Bearer {token}")
    [record] = json.loads(body)["value"]
    return record["id"]


def patch(desk, id, **properties):
    url, _, token = desk
    request = urllib.request.Request(
        f"{url}/beta/{COLLECTION}/{id}",
        json.dumps(properties).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(request):
        pass


def live(page, desk):
    """Give a record a history: by the API, and by hand. Return its address."""
    id = soon(desk)
    patch(desk, id, userPrincipalName="noor.haddad@contoso.example")
    patch(desk, id, certificateRevokeStatus="pending")
    page.goto(f"{LIST}{id}/change/")
    page.get_by_label("Revocation:").select_option("Revocation command issued")
    page.get_by_label("Reason:").fill("The device was reported stolen.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()
    return f"{LIST}{id}"


@pytest.mark.browser
@pytest.mark.skipif(not PICTURES, reason="pictures are taken with SCREENSHOTS=docs")
def test_pictures_are_taken(browser, newcomer, desk):
    code, out, err = newcomer[0].run("seed_states", "--count", "3000")
    assert code == 0, out + err
    context = browser.new_context(base_url=desk[0])
    page = context.new_page()
    sign_in(page, desk[1])
    record = live(page, desk)
    shown = ["/admin/", f"{LIST}?expiry=30", f"{record}/change/", f"{record}/history/"]
    for name, path in zip(NAMES, shown, strict=True):
        page.goto(path)
        for look, (scheme, size) in LOOKS.items():
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            page.evaluate("document.getAnimations().forEach(one => one.finish())")
            page.screenshot(path=Path(PICTURES, f"{name}{look}.png"))
    context.close()
