"""The pages below /docs/: from this server alone, with sensible refusals."""

import contextlib
import re

import pytest

from tests.make import error_of

PAGES = ["/docs/", "/docs/api/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere(db, stranger, path):
    response = stranger.get(path)
    assert response.status_code == 200
    policy = dict(
        rule.split(" ", 1)
        for rule in response.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page)
    for url in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert url.startswith("/"), url


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_loads_is_here(db, stranger, path):
    page = stranger.get(path).content.decode()
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert files
    for url in files:
        with contextlib.closing(stranger.get(url)) as response:
            assert response.status_code == 200, url
            assert response.getvalue()


def test_the_short_page_leads_to_the_long_one(db, stranger):
    page = stranger.get("/docs/").content.decode()
    for path in ("/docs/api/", "/docs/openapi.json"):
        assert f'href="{path}"' in page
    for route in ("$count", "delta", "$batch", "$metadata", "{property}"):
        assert route in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/docs/nothing", 404),
        ("GET", "/docs/openapi.json/", 404),
        ("POST", "/docs/openapi.json", 405),
        ("POST", "/docs/api/", 405),
        ("GET", "/docs/api", 302),
    ],
)
def test_refusals_there_are_those_of_a_site(db, stranger, method, path, status):
    response = stranger.generic(method, path)
    assert response.status_code == status
    assert not response.headers.get("Content-Type", "").startswith("application/json")


def test_beside_them_the_api_answers(db, stranger):
    error_of(stranger.get("/docsx"), 400, "BadRequest")
