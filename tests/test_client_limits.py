"""Who asks for tokens without end has to wait, and nobody else does."""

from urllib.parse import urlencode

import pytest
from oauth2_provider.models import AccessToken

from certstates.oauth.hashers import ClientSecretHasher
from certstates.throttling import memory
from tests.make import HttpsClient
from tests.oauth import FORM, TOKEN, ask

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings):
    settings.THROTTLE = True
    settings.THROTTLE_APP_WRITES = 3
    settings.THROTTLE_TENANT_WRITES = 5
    memory.clear()
    yield
    memory.clear()


def guess(client_id, address="192.0.2.1"):
    """Ask with a wrong secret, from an address."""
    form = {"grant_type": "client_credentials", "client_id": client_id}
    form["client_secret"] = "wrong"
    browser = HttpsClient(REMOTE_ADDR=address)
    return browser.post(TOKEN, urlencode(form), content_type=FORM)


def test_a_client_gets_as_many_tokens_as_it_may_write(writer_app):
    assert [ask(writer_app).status_code for _ in range(4)] == [200, 200, 200, 429]
    response = ask(writer_app)
    error = response.json()
    assert error["error"] == "temporarily_unavailable"
    assert "3 in 20 seconds" in error["error_description"]
    assert 1 <= int(response.headers["Retry-After"]) <= 21
    assert response.headers["Cache-Control"] == "no-store"
    assert AccessToken.objects.count() == 3


def test_guesses_are_counted_before_they_are_hashed(writer_app, monkeypatch):
    id = writer_app[0].application.client_id
    statuses = [guess(id).status_code for _ in range(3)]
    assert len({*statuses}) == 1
    hashed = []
    monkeypatch.setattr(ClientSecretHasher, "verify", lambda *given: hashed.append(1))
    assert guess(id).status_code == 429
    assert hashed == []


def test_invented_clients_do_not_get_further(db):
    statuses = [guess(f"invented-{number}").status_code for number in range(6)]
    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]
    assert guess("invented-6", address="192.0.2.2").status_code != 429


def test_nobody_uses_up_what_a_client_has_elsewhere(writer_app):
    id = writer_app[0].application.client_id
    for _ in range(6):
        guess(id, address="198.51.100.7")
    assert ask(writer_app).status_code == 200


def test_without_throttling_nobody_waits(writer_app, settings):
    settings.THROTTLE = False
    assert {ask(writer_app).status_code for _ in range(5)} == {200}
