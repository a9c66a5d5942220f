"""The provider's keys: rotated, late, lost, and asked for no more than is decent."""

import json
import threading
import time

import pytest

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.oidc import keys
from certstates.oidc.fetching import TIMEOUT, Unreadable, fetch_json
from certstates.oidc.keys import KeyCache
from certstates.oidc.verification import caller_of
from tests import key_server
from tests.key_server import SigningKey
from tests.make import URL, ApiClient, error_of, make_body

SECOND = SigningKey("second")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    moment = [time.monotonic()]

    def move(seconds):
        moment[0] += seconds

    cache = KeyCache
    monkeypatch.setattr(
        keys, "KeyCache", lambda address: cache(address, lambda: moment[0])
    )
    return move


def timed(function, *arguments):
    start = time.monotonic()
    found = function(*arguments)
    return found, time.monotonic() - start


# Ways to answer that are no use.


def fail(handler):
    handler.answer(500, b"{}")


def hang(handler):
    handler.server.closing.wait(20)


def drip(handler):
    """Send a byte now and then, beginning with the headers."""
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
        handler.wfile.write(bytes([byte]))
        if handler.server.closing.wait(0.1):
            return


def drip_a_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        if handler.server.closing.wait(0.1):
            return


def answer(body, status=200, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.answer(status, content, **headers)


USELESS = {
    "an error": fail,
    "garbage": answer(b"\x00\xff<html>"),
    "nothing": answer(b""),
    "a list": answer([]),
    "a text": answer("keys"),
    "no keys": answer({"keys": []}),
    "keys that are none": answer({"keys": [5, None, "x", [], {}, {"kty": "RSA"}]}),
    "keys as a number": answer({"keys": 5}),
    "keys as null": answer({"keys": None}),
    "keys with odd parts": answer(
        {
            "keys": [
                {**SECOND.jwk, "key_ops": 5},
                {**SECOND.jwk, "n": 5},
                {**SECOND.jwk, "n": "ä"},
                {**SECOND.jwk, "e": None},
                {**SECOND.jwk, "kty": ["RSA"]},
                {**SECOND.jwk, "alg": ["RS256"]},
                {**SECOND.jwk, "use": None},
                {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
                {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
                {"kty": "OKP", "crv": "Ed25519", "x": "AQ"},
            ]
        }
    ),
    "a secret": answer({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "second"}]}),
    "10 MB": answer(b'{"keys": [' + b" " * 10_000_000 + b"]}"),
    "deep": answer(b"[" * 100_000),
    "half of it": lambda handler: handler.wfile.write(
        b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"keys": ['
    ),
    "no HTTP": lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "no content": answer({"keys": [SECOND.jwk]}, status=203),
    "endless headers": lambda handler: handler.wfile.write(
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n"
    ),
}


def test_a_new_key_works_at_once(provider, key, clock):
    assert caller_of(key.sign(provider.claims()))
    provider.keys = [key, SECOND]
    clock(60)
    assert caller_of(SECOND.sign(provider.claims()))
    assert caller_of(key.sign(provider.claims()))
    assert provider.questions == 2


def test_keys_are_asked_for_once(provider, key, clock):
    for _ in range(20):
        assert caller_of(key.sign(provider.claims()))
    assert provider.questions == 1


def test_an_unknown_key_is_asked_for_once_a_minute(provider, key, clock):
    assert caller_of(key.sign(provider.claims()))
    for second in range(180):
        clock(1)
        unknown = key.sign(provider.claims(), kid=f"kid-{second}")
        assert caller_of(unknown) is None
        assert provider.questions == 1 + (second + 1) // 60
    assert caller_of(key.sign(provider.claims()))
    assert provider.questions == 4


def test_a_withdrawn_key_is_noticed_after_an_hour(provider, key, clock):
    token = key.sign(provider.claims(exp=int(time.time()) + 9000))
    assert caller_of(token)
    provider.keys = [SECOND]
    clock(3599)
    assert caller_of(token)
    clock(1)
    assert caller_of(token) is None


@pytest.mark.parametrize("trouble", USELESS)
def test_the_last_good_keys_are_kept(settings, provider, key, clock, trouble):
    settings.OIDC_JWKS_URL = provider.jwks_uri
    assert caller_of(key.sign(provider.claims()))
    provider.misbehave = USELESS[trouble]
    for _ in range(3):
        clock(3600)
        assert caller_of(key.sign(provider.claims()))
    assert provider.questions == 4
    provider.misbehave = None
    clock(60)
    provider.keys = [SECOND]
    assert caller_of(SECOND.sign(provider.claims()))


@pytest.mark.parametrize("trouble", USELESS)
def test_without_keys_nobody_is_called_invalid(
    db, settings, provider, key, clock, trouble, django_assert_num_queries
):
    settings.OIDC_JWKS_URL = provider.jwks_uri
    provider.misbehave = USELESS[trouble]
    client = ApiClient(key.sign(provider.claims()))
    with django_assert_num_queries(0):
        response = client.create(make_body())
    error = error_of(response, 503, "ServiceUnavailable")
    assert "nothing was done" in error["message"].lower()
    assert response.headers["Retry-After"] == "10"
    assert "WWW-Authenticate" not in response.headers
    assert not State.objects.exists()
    provider.misbehave = None
    clock(9)
    assert client.get(URL).headers["Retry-After"] == "1"
    clock(1)
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize("trouble", USELESS)
def test_a_discovery_document_of_no_use_is_no_answer(provider, key, clock, trouble):
    provider.misbehave = USELESS[trouble]
    token = key.sign(provider.claims())
    error_of(ApiClient(token).get(URL), 503, "ServiceUnavailable")
    assert len(provider.asked) == 1
    provider.misbehave = None
    clock(10)
    assert caller_of(token)


def test_a_key_that_could_not_be_asked_for_is_not_called_unknown(provider, key, clock):
    assert caller_of(key.sign(provider.claims()))
    provider.misbehave, provider.keys = fail, [SECOND]
    clock(60)
    client = ApiClient(SECOND.sign(provider.claims()))
    response = client.get(URL)
    error_of(response, 503, "ServiceUnavailable")
    assert response.headers["Retry-After"] == "60"


def test_a_provider_that_is_gone_is_like_one_that_fails(provider, key, clock):
    token = key.sign(provider.claims())
    provider.shutdown()
    provider.server_close()
    error_of(ApiClient(token).get(URL), 503, "ServiceUnavailable")


@pytest.mark.parametrize("slow", [hang, drip, drip_a_body])
def test_a_slow_provider_costs_three_seconds_once(provider, key, clock, slow):
    provider.misbehave = slow
    client = ApiClient(key.sign(provider.claims()))
    response, seconds = timed(client.get, URL)
    error_of(response, 503, "ServiceUnavailable")
    assert 2 < seconds < TIMEOUT + 2
    for _ in range(5):
        response, seconds = timed(client.get, URL)
        error_of(response, 503, "ServiceUnavailable")
        assert seconds < 2


@pytest.mark.parametrize("slow", [hang, drip, drip_a_body])
def test_a_slow_answer_is_given_up_for_good(provider, slow):
    provider.misbehave = slow
    before = threading.active_count()
    with pytest.raises(Unreadable):
        fetch_json(provider.jwks_uri, deadline=time.monotonic() + 0.3)
    provider.closing.set()
    for _ in range(100):
        if threading.active_count() <= before:
            return
        time.sleep(0.01)
    pytest.fail("A thread was left behind.")


def test_who_has_a_key_does_not_wait_for_another(provider, key, clock):
    assert caller_of(key.sign(provider.claims()))
    provider.misbehave = hang
    clock(60)
    unknown = key.sign(provider.claims(), kid="unknown")
    waiting = [
        threading.Thread(target=ApiClient(unknown).get, args=(URL,)) for _ in range(4)
    ]
    for thread in waiting:
        thread.start()
    while len(provider.asked) < 3:
        time.sleep(0.01)
    caller, seconds = timed(caller_of, key.sign(provider.claims()))
    assert caller
    assert seconds < 2
    for thread in waiting:
        thread.join(TIMEOUT)
        assert not thread.is_alive()
    assert len(provider.asked) == 3


def test_many_at_once_ask_once(provider, key, clock):
    provider.keys, tokens = [key], [key.sign(provider.claims()) for _ in range(12)]
    start, found = threading.Barrier(len(tokens)), []

    def call(token):
        start.wait()
        found.append(caller_of(token))

    threads = [threading.Thread(target=call, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(tokens)
    assert all(found)
    assert provider.questions == 1


def test_failures_are_logged_once_a_minute_and_without_the_token(
    provider, key, clock, caplog
):
    provider.misbehave = fail
    token = key.sign(provider.claims())
    for _ in range(13):
        ApiClient(token).get(URL)
        clock(10)
    lines = [r for r in caplog.records if r.name == keys.__name__]
    assert len(lines) == 3
    assert len(provider.asked) == 13
    assert "500" in lines[0].getMessage()
    assert provider.url in lines[0].getMessage()
    assert token.split(".")[2] not in caplog.text


def test_many_unknown_keys_do_not_fill_the_memory(provider, key, clock):
    assert caller_of(key.sign(provider.claims()))
    [cache] = [c for a, c in keys._caches.items() if a.issuer == provider.issuer]
    before = {name: repr(value) for name, value in vars(cache).items()}
    for n in range(100):
        caller_of(key.sign(provider.claims(), kid=f"kid-{n}"))
    assert {name: repr(value) for name, value in vars(cache).items()} == before


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(provider, key, status):
    with key_server.running() as evil:
        evil.keys = [key]
        provider.misbehave = answer(b"", status=status, Location=evil.jwks_uri)
        response = ApiClient(key.sign(provider.claims())).get(URL)
        error_of(response, 503, "ServiceUnavailable")
        assert evil.asked == []


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://192.0.2.1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"jwks_uri": "http://127.0.0.1@192.0.2.1/keys"},
        {"jwks_uri": "http://127.0.0.1.evil.example/keys"},
        {"jwks_uri": ["x"]},
    ],
)
def test_the_discovery_document_must_be_the_issuers(provider, key, document):
    told = {"issuer": provider.issuer, "jwks_uri": provider.jwks_uri, **document}
    provider.misbehave = answer(told)
    response = ApiClient(key.sign(provider.claims())).get(URL)
    error_of(response, 503, "ServiceUnavailable")
    assert provider.questions == 0


def test_the_settings_may_say_where_the_keys_are(settings, provider, key):
    settings.OIDC_JWKS_URL = f"{provider.jwks_uri}?appid=5"
    provider.misbehave = answer({"keys": [key.jwk]})
    assert caller_of(key.sign(provider.claims()))
    assert provider.asked == ["/keys?appid=5"]
