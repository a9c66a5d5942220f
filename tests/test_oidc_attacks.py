"""Tokens that nobody should have made: refused alike, without asking the database."""

import base64
import hashlib
import hmac
import json
import logging

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstates.authentication import REFUSED
from certstates.oidc import verification
from tests import key_server
from tests.key_server import ABSENT, AUDIENCE, SigningKey, part
from tests.make import URL, ApiClient, error_of, make_body
from tests.test_logs import Lines

OTHER = SigningKey("first")  # the id of the provider's key, but not the key
WEAK = SigningKey("weak", rsa.generate_private_key(65537, 1024))


def texts(provider, *, header=None, payload=None):
    header = {"alg": "RS256", "typ": "JWT", "kid": "first", **(header or {})}
    return json.dumps(header), json.dumps(payload or provider.claims())


def headed(**header):
    """Return what makes a token that is valid but for its header."""
    return lambda provider, key: key.sign_texts(*texts(provider, header=header))


def claiming(**claims):
    return lambda provider, key: key.sign(provider.claims(**claims))


def replaced(old, new):
    """Return what makes a token whose claims were changed before they were signed."""

    def make(provider, key):
        header, payload = texts(provider)
        assert old in payload
        return key.sign_texts(header, payload.replace(old, new))

    return make


def unsigned(algorithm):
    def make(provider, key):
        header, payload = texts(provider, header={"alg": algorithm})
        return f"{part(header)}.{part(payload)}.{part('x')}"

    return make


def keyed_with(secret_of):
    """Return what makes an HS256 token whose secret is the public key."""

    def make(provider, key):
        header, payload = texts(provider, header={"alg": "HS256"})
        signed = f"{part(header)}.{part(payload)}"
        digest = hmac.digest(secret_of(key), signed.encode(), hashlib.sha256)
        return f"{signed}.{part(digest)}"

    return make


def as_pem(key):
    public = key.private.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def as_der(key):
    public = key.private.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def as_jwk(key):
    return json.dumps(key.jwk).encode()


def cut(position, *, to):
    """Return what makes a token with one of its parts shortened."""

    def make(provider, key):
        parts = key.sign(provider.claims()).split(".")
        parts[position] = parts[position][:to]
        return ".".join(parts)

    return make


def changed(change):
    return lambda provider, key: change(key.sign(provider.claims()))


def other_spelling(token):
    """Return the same bytes in base64 that no encoder writes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def signed_by(key, algorithm="RS256", **header):
    return lambda provider, _: key.sign(
        provider.claims(), algorithm=algorithm, **header
    )


ELLIPTIC = SigningKey("first", ec.generate_private_key(ec.SECP256R1()))
DEEP = "[" * 3000 + "]" * 3000

FORGED = {
    "a wrong signature": signed_by(OTHER),
    "a weak key": lambda p, k: WEAK.sign_texts(*texts(p, header={"kid": "weak"})),
    "another algorithm of the same key": lambda p, k: k.sign(
        p.claims(), algorithm="PS256"),
    "an EC key under an RSA key's id": signed_by(ELLIPTIC, "ES256"),
    "an EC signature called RS256": lambda p, k: (
        ".".join([
            *(part(text) for text in texts(p)),
            ELLIPTIC.sign({}, algorithm="ES256").split(".")[2],
        ])
    ),
    **{f"alg {alg!r}": unsigned(alg) for alg in (
        "none", "None", "NONE", "nOnE", "none ", "", "HS256", "RS256", "rs256",
        None, [], ["RS256"], {"a": 1}, 5, True,
    )},
    "an empty signature": changed(lambda token: token.rpartition(".")[0] + "."),
    "no alg": lambda p, k: k.sign_texts('{"kid": "first"}', texts(p)[1]),
    "HS256 with the PEM": keyed_with(as_pem),
    "HS256 with the PEM, stripped": keyed_with(lambda key: as_pem(key).strip()),
    "HS256 with the DER": keyed_with(as_der),
    "HS256 with the JWK": keyed_with(as_jwk),
    "HS256 with nothing": keyed_with(lambda key: b""),
    # Who it is for, from and until when.
    "another issuer": claiming(iss="https://evil.example"),
    "an issuer of another case": replaced("/tenant", "/TENANT"),
    "no issuer": claiming(iss=ABSENT),
    "a null issuer": claiming(iss=ABSENT, issuer=None),
    "a list of issuers": replaced('"iss": "', '"iss": ["x"], "was": "'),
    "another audience": claiming(aud="api://other"),
    "a part of the audience": claiming(aud=AUDIENCE[:-1]),
    "no audience": claiming(aud=ABSENT),
    "an empty audience": claiming(aud=[]),
    "audiences in a list": claiming(aud=[[AUDIENCE]]),
    "an audience as a name": claiming(aud={AUDIENCE: 1}),
    "a number among audiences": claiming(aud=[AUDIENCE, 5]),
    "no exp": claiming(exp=ABSENT),
    "expired": claiming(exp=1_600_000_000),
    "not yet valid": claiming(nbf=4_000_000_000),
    "issued tomorrow": claiming(iat=4_000_000_000),
    **{f"{name} {value!r}": claiming(**{name: value})
       for name in ("exp", "nbf", "iat")
       for value in ("4000000000", 10**30, float("nan"), float("inf"), True, None,
                     [4_000_000_000], {}, -1, "never")},
    **{f"{name} of {digits} digits": replaced(
        f'"{name}": ', f'"{name}": {"9" * digits}, "was": ')
       for name in ("exp", "nbf", "iat") for digits in (400, 5000)},
    "an infinite exp": replaced('"exp": ', '"exp": 1e999, "was": '),
    # Other tokens of the same provider.
    "an ID token": claiming(at_hash="x"),
    "an ID token of Keycloak": claiming(typ="ID"),
    "a logout token": claiming(events={}),
    **{f"typ {typ!r}": headed(typ=typ)
       for typ in ("dpop+jwt", "logout+jwt", "JWE", None, 5, ["JWT"])},
    # What kid can be made to mean.
    **{f"kid {str(kid)[:30]!r}": headed(kid=kid) for kid in (
        "../../dev/null", "/dev/null", "https://evil.example/keys", "file:///etc/passwd",
        "x' UNION SELECT 'secret' --", "first\x00", "FIRST", "first ", "", "k" * 8192,
        "k" * 3000, "\ud800", 0, 1, 1.5, None, [], ["first"], {"kid": "first"}, True,
    )},
    # Extensions.
    "crit": headed(crit=["exp"]),
    "crit of nothing": headed(crit=[]),
    "crit b64": headed(crit=["b64"], b64=True),
    "b64": headed(b64=False),
    # Form.
    "no header": cut(0, to=0),
    "half a header": cut(0, to=20),
    "no payload": cut(1, to=0),
    "half a payload": cut(1, to=40),
    "half a signature": cut(2, to=100),
    "one byte less": cut(2, to=-1),
    "two parts": changed(lambda token: token.rpartition(".")[0]),
    "four parts": changed(lambda token: token + ".x"),
    "five parts, as of a JWE": changed(lambda token: token + ".x.x"),
    "dots": lambda provider, key: "..",
    "padding": changed(lambda token: token + "=="),
    "padding within": changed(lambda token: token.replace(".", "=.")),
    "another spelling of the last byte": changed(other_spelling),
    "plain base64": changed(lambda token: token[:-3] + "+/+"),
    "a space": changed(lambda token: token.replace(".", ". ")),
    "a line break": changed(lambda token: token.replace(".", ".\n")),
    "64 KB of padding": changed(lambda token: token + "=" * 65536),
    "64 KB of signature": changed(lambda token: token + "A" * 65536),
    "64 KB of claims": claiming(more="x" * 65536),
    "64 KB of dots": changed(lambda token: token + "." * 65536),
    "16 KB of header": headed(more="x" * 8000),
    "the same name twice in the header": lambda p, k: k.sign_texts(
        '{"alg": "RS256", "kid": "first", "alg": "RS256"}', texts(p)[1]),
    "the same name twice in the payload": replaced('"aud": ', '"aud": "x", "aud": '),
    "the same name twice, deep": replaced(
        '"ver": ', '"x": [{"a": 1, "a": 2}], "ver": '),
    "deep claims": replaced('"ver": ', f'"x": {DEEP}, "ver": '),
    "claims that never end": lambda p, k: k.sign_texts(texts(p)[0], "[" * 9000),
    "a text that never ends": lambda p, k: k.sign_texts(texts(p)[0], '"\\' * 4000),
    "a deep header": lambda p, k: k.sign_texts("[" * 3000, texts(p)[1]),
    **{f"the payload {text[:12]!r}": (
        lambda p, k, text=text: k.sign_texts(texts(p)[0], text))
       for text in ("[]", '"text"', "5", "null", "", "{", "{}", "NaN", "\ufeff{}")},
    "another encoding": lambda p, k: k.sign_texts(
        texts(p)[0], texts(p)[1].encode("utf-16")),
    "bytes that are no text": lambda p, k: k.sign_texts(texts(p)[0], b"\xff\xfe{}"),
}  # fmt: skip


@pytest.mark.parametrize("trick", FORGED)
def test_a_forged_token_is_refused_without_the_database(
    db, provider, key, django_assert_num_queries, trick
):
    provider.keys.append(WEAK)
    token = FORGED[trick](provider, key)
    with django_assert_num_queries(0):
        for method in ("GET", "POST"):
            response = ApiClient(token).generic(
                method, URL, make_body(), "application/json"
            )
            error = error_of(response, 401, "InvalidAuthenticationToken")
            assert error["message"] == REFUSED
            assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert provider.questions <= 1


@pytest.fixture
def lines(settings):
    settings.ACCESS_LOG = True
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("trick", FORGED)
def test_a_forged_token_costs_one_short_line(provider, key, lines, trick):
    token = FORGED[trick](provider, key)
    ApiClient(token).get(URL)
    [line] = lines.lines
    assert len(line) < 650
    assert max(token.split("."), key=len)[:60] not in line or len(token) < 60


@pytest.mark.parametrize(
    ("trick", "reason"),
    [
        ("expired", "ExpiredSignatureError"),
        ("another audience", "InvalidAudienceError"),
        ("another issuer", "InvalidIssuerError"),
        ("a wrong signature", "InvalidSignatureError"),
        ("alg 'none'", "Its algorithm is not accepted."),
        ("kid 'FIRST'", "No key of the provider fits."),
        ("no client", "It names no client."),
    ],
)
def test_the_line_of_the_request_says_why(provider, key, lines, trick, reason):
    forged = {**FORGED, "no client": claiming(azp=ABSENT, sub=ABSENT)}
    ApiClient(forged[trick](provider, key)).get(URL)
    [line] = lines.objects()
    assert (line["status"], line["token_refused"]) == (401, reason)


HOPELESS = [
    "alg 'none'", "alg 'HS256'", "HS256 with the PEM", "another issuer", "no issuer",
    "another audience", "expired", "exp '4000000000'", "crit", "kid '1'", "two parts",
    "64 KB of claims", "deep claims", "an ID token", "padding within",
]  # fmt: skip


@pytest.mark.parametrize("trick", HOPELESS)
def test_what_no_key_could_save_makes_nobody_ask_for_keys(provider, key, trick):
    assert verification.caller_of(FORGED[trick](provider, key)) is None
    assert provider.asked == []


def test_the_forger_knew_the_real_form(provider, key):
    """The table's tokens are refused for what they say of themselves, not by chance."""
    assert verification.caller_of(headed()(provider, key))
    assert verification.caller_of(key.sign_texts(*texts(provider)))
    nested = replaced('"ver": ', '"x": [[{"a": {"b": "[[["}}]], "ver": ')
    assert verification.caller_of(nested(provider, key))
    jwt.decode(claiming()(provider, key), as_pem(key), ["RS256"], audience=AUDIENCE)
    base64.urlsafe_b64decode(claiming()(provider, key).split(".")[2] + "==")


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_token_cannot_bring_its_own_key(db, provider, key, name):
    with key_server.running() as evil:
        evil.keys = [OTHER]
        brought = {
            "jku": evil.jwks_uri,
            "x5u": f"{evil.url}/certificate.pem",
            "jwk": OTHER.jwk,
            "x5c": [base64.b64encode(as_der(OTHER)).decode()],
        }
        header = {name: brought[name]}
        assert verification.caller_of(OTHER.sign(provider.claims(), **header)) is None
        assert verification.caller_of(key.sign(provider.claims(), **header))
        assert evil.asked == []
    assert provider.questions == 1


@pytest.mark.parametrize("trick", ["another issuer", "a wrong signature"])
def test_without_a_provider_a_signed_token_is_like_any_other(
    settings, provider, key, trick
):
    settings.OIDC_ISSUER = ""
    for token in (key.sign(provider.claims()), FORGED[trick](provider, key)):
        error_of(ApiClient(token).get(URL), 401, "InvalidAuthenticationToken")
    assert provider.asked == []
