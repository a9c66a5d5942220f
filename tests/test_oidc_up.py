"""Tokens of an identity provider at a running server, with its worker processes."""

import json
import os
import time

import pytest

from certstates.addresses import COLLECTION
from project.server import MOST_WORKERS
from tests import key_server
from tests.desk import desk_of_ones_own, fetch
from tests.key_server import AUDIENCE, SigningKey

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

TIMES = 8  # so that every worker is asked


@pytest.fixture
def provider(key):
    with key_server.running() as server:
        server.keys = [key]
        yield server


@pytest.fixture
def desk(provider):
    with desk_of_ones_own() as desk:
        desk.environment |= {
            "OIDC_ISSUER": provider.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
        }
        yield desk


def test_tokens_are_accepted_refused_and_outlive_their_provider(desk, provider, key):
    token, forged = (
        signer.sign(provider.claims()) for signer in (key, SigningKey("first"))
    )

    def ask(token):
        url = f"{desk.url}/beta/{COLLECTION}?$top=1"
        return fetch(url, Authorization=f"Bearer {token}")

    with desk.up() as serving:
        for _ in range(TIMES):
            status, body = ask(token)
            assert status == 200
            assert len(json.loads(body)["value"]) == 1
            assert ask(forged)[0] == ask(token[:-9])[0] == 401
        assert ask(token + "A" * 65536)[0] == 401
        assert ask(serving.token)[0] == 200
        assert 1 <= provider.questions <= os.cpu_count()
        provider.misbehave = lambda handler: provider.closing.wait(20)
        assert {ask(token)[0] for _ in range(TIMES)} == {200}


def test_a_provider_that_hangs_does_not_stop_the_others(desk, provider, key):
    provider.misbehave = lambda handler: provider.closing.wait(30)
    token = key.sign(provider.claims())
    with desk.up() as serving:
        start = time.monotonic()
        url = f"{desk.url}/beta/{COLLECTION}?$top=1"
        answers = [fetch(url, Authorization=f"Bearer {token}") for _ in range(TIMES)]
        assert {status for status, _ in answers} == {503}
        assert time.monotonic() - start < 3 * min(os.cpu_count(), MOST_WORKERS) + 5
        codes = {json.loads(body)["error"]["code"] for _, body in answers}
        assert codes == {"ServiceUnavailable"}
        assert fetch(url, Authorization=f"Bearer {serving.token}")[0] == 200
