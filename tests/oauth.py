"""What tests of the token endpoint need: requests of every form, and their refusals."""

import base64
from urllib.parse import urlencode

from tests.make import HttpsClient

TOKEN = "/common/oauth2/v2.0/token"
FORM = "application/x-www-form-urlencoded"
GRAPH = "https://graph.microsoft.com"


def form_of(made, **overrides):
    registered, secret = made
    form = {
        "grant_type": "client_credentials",
        "client_id": registered.application.client_id,
        "client_secret": secret,
        "scope": f"{GRAPH}/.default",
        **overrides,
    }
    return {name: value for name, value in form.items() if value is not None}


def ask(made, *, path=TOKEN, headers=None, **overrides):
    body = urlencode(form_of(made, **overrides))
    return send(body, path=path, headers=headers)


def send(body, *, path=TOKEN, content_type=FORM, headers=None):
    return HttpsClient().post(path, body, content_type=content_type, headers=headers)


def refusal_of(response, status, error):
    """Assert that a response is OAuth's error, and return its description."""
    body = response.json()
    assert (response.status_code, body["error"]) == (status, error), body
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "OData-Version" not in response.headers
    assert body["trace_id"] == response.headers["request-id"]
    assert (status == 401) == ("WWW-Authenticate" in response.headers)
    assert body["error_description"].isascii()
    return body["error_description"]


def basic(made, secret=None):
    text = f"{made[0].application.client_id}:{secret or made[1]}"
    return "Basic " + base64.b64encode(text.encode()).decode()
