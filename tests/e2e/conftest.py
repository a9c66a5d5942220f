"""Two servers on one database for the SDKs: one by https, and a lenient one by http.
For the browser, a desk of its own."""

import contextlib
import copy
import json
import os
import shutil
import ssl
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from certstates.addresses import COLLECTION
from tests.desk import desk_of_ones_own, fetch, free_port
from tests.e2e.clients import Served
from tests.e2e.watch import Watch

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Set to docs/ in order to renew the pictures there.
PICTURES = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="session")
def servers():
    if os.environ.get("DATABASE_URL"):
        pytest.skip("needs the embedded database")
    with contextlib.ExitStack() as stack:
        strict = stack.enter_context(desk_of_ones_own())
        lenient = copy.copy(strict)
        lenient.port = free_port()
        lenient.environment = {**strict.environment, "CREATE_REQUIRES": "metadata"}
        https = stack.enter_context(strict.up("--tls"))
        http = stack.enter_context(lenient.up())
        code, made, err = strict.run(
            "create_application", "e2e", "--scope", "readwrite", "--json"
        )
        assert code == 0, err
        yield {
            "http": Served(http.url, https.token, lenient_url=http.url),
            "https": Served(
                https.url,
                https.token,
                https.authority,
                lenient_url=http.url,
                application=json.loads(made),
            ),
        }


@pytest.fixture(scope="session")
def https(servers):
    return servers["https"]


@pytest.fixture(scope="session", params=["http", "https"])
def served(servers, request):
    return servers[request.param]


@pytest.fixture
def count_records():
    """Return a function that counts the recipes' records without any SDK."""

    def count(served):
        context = (
            ssl.create_default_context(cafile=served.authority)
            if served.authority
            else None
        )
        status, body = fetch(
            f"{served.url}/beta/{COLLECTION}",
            context=context,
            Authorization=f"Bearer {served.token}",
        )
        assert status == 200, body
        statuses = [r["certificateRevokeStatus"] for r in json.loads(body)["value"]]
        return statuses.count("none")

    return count


@pytest.fixture(scope="module")
def newcomer():
    """Yield a desk that runs ``up``, and what that said."""
    with desk_of_ones_own() as newcomer, newcomer.up() as serving:
        yield newcomer, serving


@pytest.fixture(scope="module")
def desk(newcomer):
    """Return the address, password and token of an ``up`` of its own."""
    place, serving = newcomer
    return (
        place.url,
        serving.said(r"password +(\S+)"),
        serving.said(r"bearer token +(\S+)"),
    )


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        message = "Chromium is not installed (Debian: apt-get install chromium)."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(browser, desk, request):
    """A page on which nothing may go wrong, and nothing may leave this machine."""
    context = browser.new_context(
        base_url=desk[0],
        color_scheme=request.param,
        viewport={"width": 1360, "height": 900},
    )
    watch = Watch(context, origin=desk[0])
    page = context.new_page()
    page.scheme = request.param
    yield page
    context.close()
    assert watch.take() == []


@pytest.fixture
def picture(page):
    """Return a function that renews a picture below docs/, when that is wanted."""

    def take(name):
        if PICTURES and page.scheme == "light":
            page.wait_for_load_state("networkidle")
            page.screenshot(path=Path(PICTURES, f"{name}.png"))

    return take
