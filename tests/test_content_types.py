"""Every body says what it is, and texts also in which charset they are written."""

import contextlib

import pytest

from tests.make import URL, HttpsClient, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
BODIES = {
    "a page": ("/docs/", {}, "text/html"),
    "a page for staff": (LIST, {}, "text/html"),
    "a style sheet": ("/static/certstates/site.css", {}, "text/css"),
    "a script": ("/static/certstates/list.js", {}, "text/javascript"),
    "CSV": (f"{LIST}export/?format=csv", {}, "text/csv"),
    "XML": ("/beta/$metadata", {}, "application/xml"),
    "a number": (f"{URL}/$count", {}, "text/plain"),
    "a list": (URL, {}, "application/json"),
    "a refusal": ("/nothing", {}, "application/json"),
    "a token's refusal": ("/common/oauth2/v2.0/token", {}, "application/json"),
    "the description": ("/docs/openapi.json", {}, "application/json"),
    "a refused form": (
        "/admin/login/",
        {"CONTENT_LENGTH": str(10**8)},
        "text/plain",
    ),
}


@pytest.mark.parametrize(("path", "extra", "kind"), BODIES.values(), ids=BODIES)
def test_a_body_says_what_it_is(admin_user, operator, path, extra, kind):
    make_state(id="a")
    client = operator
    if path.startswith("/admin/"):
        client = HttpsClient()
        client.force_login(admin_user)
    with contextlib.closing(client.get(path, **extra)) as response:
        said, _, parameters = response.headers["Content-Type"].partition(";")
        assert said == kind
        if kind != "application/json":  # which is UTF-8 anyway (RFC 8259, 8.1)
            assert "charset=utf-8" in parameters.lower().replace('"', "")
