"""Which of the provider's keys may check which token."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certstates.oidc import keys
from certstates.oidc.verification import caller_of
from tests.key_server import ABSENT, SigningKey

SECOND = SigningKey("second")


@pytest.mark.parametrize(
    ("published", "accepted"),
    [
        ({}, True),
        ({"use": ABSENT}, True),
        ({"alg": "RS256"}, True),
        ({"key_ops": ["verify"]}, True),
        ({"use": "enc"}, False),
        ({"alg": "RS512"}, False),
        ({"alg": "HS256"}, False),
        ({"key_ops": ["encrypt"]}, False),
        ({"key_ops": 5}, False),
        ({"kty": "EC"}, False),
        ({"kty": "oct", "k": "c2VjcmV0"}, False),
        ({"crv": "P-256"}, False),
        ({"kid": 5}, False),
        ({"n": "AQAB"}, False),
        ({"n": 5}, False),
        ({"e": ABSENT}, False),
        ({"d": "AQAB"}, False),
    ],
)
def test_a_key_is_used_only_for_what_it_is_published_for(
    provider, key, published, accepted
):
    provider.keys = [SigningKey("first", key.private, published), SECOND]
    assert bool(caller_of(key.sign(provider.claims()))) is accepted


def test_without_a_key_id_no_other_key_may_be_meant(provider, key):
    token = key.sign(provider.claims(), kid=ABSENT)
    assert caller_of(token)
    assert caller_of(SECOND.sign(provider.claims(), kid=ABSENT)) is None
    provider.keys = [key, SECOND]
    keys._caches.clear()
    assert caller_of(token) is None
    assert caller_of(key.sign(provider.claims()))


def test_a_key_that_has_no_id_is_for_tokens_without_one(provider, key):
    provider.keys = [SigningKey(ABSENT, key.private)]
    assert caller_of(key.sign(provider.claims(), kid=ABSENT))
    assert caller_of(key.sign(provider.claims(), kid="first")) is None


def test_two_keys_of_one_id_are_none(provider, key):
    provider.keys = [key, SigningKey("first"), SECOND]
    assert caller_of(key.sign(provider.claims())) is None
    assert caller_of(SECOND.sign(provider.claims()))


def test_a_key_that_is_listed_twice_is_one(provider, key):
    provider.keys = [key, SigningKey("first", key.private, {"alg": "RS256"})]
    assert caller_of(key.sign(provider.claims()))
    assert caller_of(key.sign(provider.claims(), kid=ABSENT))


def test_the_id_is_for_keys_of_each_kind(provider, settings, key):
    settings.OIDC_ALGORITHMS = ["RS256", "ES256"]
    elliptic = SigningKey("first", ec.generate_private_key(ec.SECP256R1()))
    provider.keys = [key, elliptic]
    assert caller_of(key.sign(provider.claims()))
    assert caller_of(elliptic.sign(provider.claims(), algorithm="ES256"))
