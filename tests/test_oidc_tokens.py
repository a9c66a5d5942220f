"""Tokens of an identity provider: who may come in, and what they may do."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from certstates.oidc.configuration import KeyAddress, Provider
from certstates.oidc.configuration import provider as configured
from certstates.oidc.verification import caller_of
from certstates.permissions import READ, READ_WRITE
from tests.key_server import ABSENT, AUDIENCE, CLIENT, SigningKey
from tests.make import URL, ApiClient, error_of, make_body

TENANT = "0f8fad5b-d9cb-469f-a165-70867728950e"
ISSUERS = {
    "2.0": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "1.0": f"https://sts.windows.net/{TENANT}/",
}


def test_an_application_reads_and_writes_under_its_name(db, provider, key):
    client = ApiClient(key.sign(provider.claims(app_displayname="Nightly sync")))
    created = client.create(make_body(id="a"))
    assert created.status_code == 201
    assert client.change("a", {"certificateRevokeStatus": "revoked"}).status_code == 200
    assert client.read("a").json()["certificateRevokeStatus"] == "revoked"
    assert State.objects.filter(id="a").exists()
    events = StateEvent.objects.filter(pgh_obj_id="a")
    assert {event.who for event in events} == {"Nightly sync"}
    assert provider.questions == 1


def test_a_signed_in_person_reads_through_an_application(db, provider, key):
    claims = provider.claims(
        roles=ABSENT, scp=f"openid {READ}", preferred_username="ana@contoso.example"
    )
    client = ApiClient(key.sign(claims))
    assert client.get(URL).status_code == 200
    error_of(client.create(make_body()), 403, "Forbidden")


def test_a_token_without_scopes_is_known_and_may_do_nothing(db, provider, key):
    client = ApiClient(key.sign(provider.claims(roles=ABSENT)))
    error_of(client.get(URL), 403, "Forbidden")


def test_an_application_may_do_no_more_than_it_was_granted_for_a_person(provider, key):
    caller = caller_of(key.sign(provider.claims(scp=READ, roles=[READ_WRITE])))
    assert caller.scopes == {READ.lower()}


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"roles": [READ, "Other.Role"]}, {READ, "Other.Role"}),
        ({"scp": f"{READ}  {READ_WRITE}"}, {READ, READ_WRITE}),
        ({"scp": [READ]}, {READ}),
        ({"scope": f"profile {READ}"}, {"profile", READ}),
        ({"roles": [f"x {READ_WRITE}", 5, None, ""]}, set()),
        ({"roles": READ}, {READ}),
        ({"scp": {"a": READ}}, set()),
        ({"scp": None, "roles": [READ]}, set()),
    ],
)
def test_scopes_are_found_where_providers_put_them(provider, key, claims, scopes):
    found = caller_of(key.sign(provider.claims(**{"roles": ABSENT, **claims})))
    assert found.scopes == {scope.lower() for scope in scopes}


def test_with_a_mapping_only_what_it_names_counts(settings, provider, key):
    settings.OIDC_SCOPES = {"certs.read": READ, "certs.write": READ_WRITE}
    roles = ["Certs.Read", READ_WRITE, "other"]
    assert caller_of(key.sign(provider.claims(roles=roles))).scopes == {READ.lower()}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, CLIENT),
        ({"azp": ABSENT, "appid": "v1"}, "v1"),
        ({"azp": ABSENT, "client_id": "rfc9068"}, "rfc9068"),
        ({"azp": ABSENT, "sub": "somebody"}, "somebody"),
        ({"azp": ["x"], "client_id": 5, "sub": "somebody"}, "somebody"),
        ({"upn": "ana@contoso.example"}, "ana@contoso.example"),
        ({"preferred_username": "ana", "upn": "other"}, "ana"),
        ({"app_displayname": "Sync", "preferred_username": "ana"}, "Sync"),
        ({"app_displayname": "x" * 300}, "x" * 255),
        ({"app_displayname": "a\r\nb\x00\u202ec\ud800"}, "abc"),
        ({"app_displayname": " \n", "upn": "ana"}, "ana"),
        ({"app_displayname": ["Sync"]}, CLIENT),
    ],
)
def test_a_caller_has_a_name_that_fits_a_line(provider, key, claims, name):
    assert caller_of(key.sign(provider.claims(**claims))).name == name


def test_a_token_that_names_no_client_is_refused(provider, key):
    assert caller_of(key.sign(provider.claims(azp=ABSENT, sub=ABSENT))) is None


def test_a_client_has_one_key_of_bounded_length(provider, key):
    def key_of(**claims):
        return caller_of(key.sign(provider.claims(**claims))).key

    assert key_of() == key_of(sub="other", app_displayname="Sync", scp=READ)
    assert key_of() != key_of(azp="other")
    assert len(key_of(azp="x" * 4000)) == len(key_of()) == 69
    assert key_of(azp="\ud800")


KEYS = {
    "RS384": lambda: None,
    "PS256": lambda: None,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_settings_choose_the_algorithms(settings, provider, algorithm):
    key = SigningKey("other", KEYS[algorithm]())
    provider.keys.append(key)
    token = key.sign(provider.claims(), algorithm=algorithm)
    assert caller_of(token) is None
    settings.OIDC_ALGORITHMS = ["RS256", algorithm]
    assert caller_of(token).name == CLIENT


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/AT+JWT", ABSENT])
def test_an_access_token_may_say_so(provider, key, typ):
    header = {"typ": "" if typ is ABSENT else typ}  # PyJWT leaves an empty one out
    assert caller_of(key.sign(provider.claims(), **header))


@pytest.mark.parametrize("aud", [AUDIENCE, ["other", AUDIENCE]])
def test_one_of_several_audiences_is_enough(provider, settings, key, aud):
    settings.OIDC_AUDIENCE = ["api://another", AUDIENCE]
    assert caller_of(key.sign(provider.claims(aud=aud)))


@pytest.mark.parametrize(("seconds", "accepted"), [(-30, True), (-90, False)])
def test_clocks_may_differ_a_little(provider, key, seconds, accepted):
    now = provider.claims()["iat"]
    late = key.sign(provider.claims(exp=now + seconds))
    early = key.sign(provider.claims(nbf=now - seconds, iat=now - seconds))
    assert bool(caller_of(late)) is bool(caller_of(early)) is accepted


def test_a_token_of_entras_largest_size_is_accepted(db, provider, key):
    groups = [TENANT] * 200
    claims = provider.claims(groups=groups, wids=groups[:20], name="x" * 255)
    token = key.sign(claims, x5t="x" * 27)
    assert 12_000 < len(token) < 16_000
    assert ApiClient(token).get(URL).status_code == 200


@pytest.fixture
def tenant(settings, provider):
    """Entra's rules, with keys that can be had here."""
    settings.OIDC_ISSUER, settings.OIDC_TENANT = "", TENANT
    settings.OIDC_JWKS_URL = provider.jwks_uri
    return provider


def test_both_versions_of_entras_tokens_are_of_one_client(tenant, key):
    second = key.sign(tenant.claims(iss=ISSUERS["2.0"]))
    first = key.sign(tenant.claims(iss=ISSUERS["1.0"], azp=ABSENT, appid=CLIENT))
    assert caller_of(first) == caller_of(second) is not None


def test_an_id_token_of_entra_is_no_access_token(tenant, key):
    claims = tenant.claims(iss=ISSUERS["2.0"], azp=ABSENT, nonce="678910")
    assert caller_of(key.sign(claims)) is None


@pytest.mark.parametrize(
    "issuer",
    [
        ISSUERS["2.0"].replace("0f8f", "1f8f"),
        ISSUERS["2.0"] + "/",
        ISSUERS["1.0"].rstrip("/"),
        "https://login.microsoftonline.com/common/v2.0",
    ],
)
def test_another_tenant_is_a_stranger(tenant, key, issuer):
    assert caller_of(key.sign(tenant.claims(iss=issuer))) is None


def test_entras_keys_are_where_entra_keeps_them(settings):
    settings.OIDC_TENANT, settings.OIDC_AUDIENCE = TENANT, [AUDIENCE]
    found = configured()
    assert isinstance(found, Provider)
    assert found.issuers == (ISSUERS["2.0"], ISSUERS["1.0"])
    jwks = f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
    assert found.key_address == KeyAddress(ISSUERS["2.0"], jwks)
