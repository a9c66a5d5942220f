"""Things that tests need: records, bodies, tokens and clients."""

import datetime as dt
from typing import Any

from django.test import Client

from certstates.addresses import COLLECTION
from certstates.examples import CREATE
from certstates.models import ManagedAllDeviceCertificateState, TokenUse
from certstates.tokens import issue

ROOT = "https://testserver/"
URL = f"/beta/{COLLECTION}"
JSON = "application/json"
ABSENT: Any = object()


def make_body(**overrides):
    """Return the example's body; ``ABSENT`` leaves a property out."""
    body = {**CREATE, **overrides}
    return {name: value for name, value in body.items() if value is not ABSENT}


def make_state(**overrides):
    """Return a stored record of the example's values."""
    values = {
        "certificate_revoke_status": 0,
        "managed_device_display_name": "LAPTOP-1",
        "user_principal_name": "ana@contoso.example",
        "certificate_expiration_date_time": dt.datetime(2027, 1, 5, 10, tzinfo=dt.UTC),
        "certificate_issuance_date_time": dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC),
        "certificate_revoke_status_last_change_date_time": dt.datetime(
            2026, 1, 6, 10, tzinfo=dt.UTC
        ),
        **overrides,
    }
    return ManagedAllDeviceCertificateState.objects.create(**values)


def make_token(scope, *, days=1):
    """Return a token that was used a moment ago: its next use costs no statement."""
    token, raw = issue("tests", scope=scope, lifetime=dt.timedelta(days=days))
    TokenUse.note(token.pk)
    return raw


class HttpsClient(Client):
    """A client that comes by https, as the settings of production demand."""

    def request(self, **request):
        https = {"wsgi.url_scheme": "https", "SERVER_PORT": "443"}
        return super().request(**{**request, **https})


class ApiClient(HttpsClient):
    """A client of the API with one token, or none."""

    def __init__(self, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(raise_request_exception=False, headers=headers)

    def create(self, body, content_type=JSON, url=URL, **extra):
        return self.post(url, body, content_type=content_type, **extra)

    def change(self, id, body, **extra):
        return self.patch(f"{URL}/{id}", body, content_type=JSON, **extra)

    def read(self, id, **extra):
        return self.get(f"{URL}/{id}", **extra)


def error_of(response, status, code):
    """Assert that a response is Graph's error envelope, and return its ``error``."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["OData-Version"] == "4.0"
    error = response.json()["error"]
    assert error["code"] == code, error
    assert error["message"]
    inner = error["innerError"]
    assert inner["request-id"] == response.headers["request-id"]
    assert inner["client-request-id"] == response.headers["client-request-id"]
    dt.datetime.strptime(inner["date"], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 -- Graph's
    return error
