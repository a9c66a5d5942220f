"""Settings of the identity provider: what is refused, and what is warned of."""

import pytest
from django.core.management import call_command

from certstates.oidc import checks
from certstates.permissions import READ, READ_WRITE
from tests.test_settings import read

TENANT = "0f8fad5b-d9cb-469f-a165-70867728950e"
ISSUER = "https://login.example/tenant"


@pytest.mark.parametrize("name", ["OIDC_TENANT", "OIDC_ISSUER"])
def test_no_provider_is_the_default(name):
    assert read(name) == (0, "", "")


@pytest.mark.parametrize(
    ("environment", "name", "value"),
    [
        ({"OIDC_TENANT": TENANT.upper()}, "OIDC_TENANT", TENANT),
        ({"OIDC_TENANT": TENANT}, "OIDC_AUDIENCE", "['api://a', 'b']"),
        ({"OIDC_ISSUER": ISSUER}, "OIDC_ISSUER", ISSUER),
        ({"OIDC_ISSUER": f"{ISSUER}/"}, "OIDC_ISSUER", f"{ISSUER}/"),
        ({"OIDC_ISSUER": "http://127.0.0.1:8080/x"}, "OIDC_LEEWAY", "60"),
        ({"OIDC_ISSUER": "http://[::1]"}, "OIDC_ALGORITHMS", "['RS256']"),
        ({"OIDC_JWKS_URL": f"{ISSUER}?a=b"}, "OIDC_JWKS_URL", f"{ISSUER}?a=b"),
        (
            {"OIDC_ALGORITHMS": "ES256, PS512,EdDSA"},
            "OIDC_ALGORITHMS",
            "['ES256', 'PS512', 'EdDSA']",
        ),
        (
            {"OIDC_SCOPES": f"Certs.Read={READ}, b = {READ_WRITE}"},
            "OIDC_SCOPES",
            str({"certs.read": READ, "b": READ_WRITE}),
        ),
    ],
)
def test_a_provider_is_read_from_the_environment(environment, name, value):
    assert read(name, OIDC_AUDIENCE="api://a, b", **environment) == (0, value, "")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OIDC_TENANT": TENANT}, "OIDC_AUDIENCE must be set where OIDC_TENANT is"),
        ({"OIDC_ISSUER": ISSUER}, "OIDC_AUDIENCE must be set where OIDC_ISSUER is"),
        (
            {"OIDC_ISSUER": ISSUER, "OIDC_AUDIENCE": " , "},
            "OIDC_AUDIENCE must be set where OIDC_ISSUER is",
        ),
        (
            {"OIDC_TENANT": TENANT, "OIDC_ISSUER": ISSUER},
            "OIDC_ISSUER must not be set where OIDC_TENANT is",
        ),
        ({"OIDC_TENANT": "common"}, "OIDC_TENANT must be an id such as"),
        ({"OIDC_TENANT": f"{TENANT}/../x"}, "OIDC_TENANT must be an id such as"),
        *(
            ({"OIDC_ISSUER": issuer}, "OIDC_ISSUER must be an https address")
            for issuer in (
                "login.example",
                "http://login.example",
                "http://127.0.0.1.evil.example",
                "http://localhost@evil.example",
                "https://somebody:secret@login.example",
                "https://login.example/#x",
                "https://login.example/a b",
                "file:///etc/passwd",
                "https://",
            )
        ),
        ({"OIDC_JWKS_URL": "http://a.example"}, "OIDC_JWKS_URL must be an https"),
        *(
            ({"OIDC_ALGORITHMS": names}, "OIDC_ALGORITHMS must be some of RS256, ")
            for names in ("HS256", "none", "RS256,HS512", "rs256", ",", "RS256 ES256")
        ),
        ({"OIDC_SCOPES": "a"}, "OIDC_SCOPES must be pairs such as word=Device"),
        ({"OIDC_SCOPES": f"={READ}"}, "OIDC_SCOPES must be pairs such as"),
        ({"OIDC_SCOPES": "a=User.Read"}, "OIDC_SCOPES may give a word the meaning"),
        ({"OIDC_LEEWAY": "-1"}, "OIDC_LEEWAY must be a whole number"),
    ],
)
def test_a_wrong_value_is_explained_in_one_sentence(environment, words):
    code, _, err = read("DEBUG", **environment)
    assert code == 1
    assert words in err.strip().splitlines()[-1]
    assert "secret@" not in err


@pytest.fixture
def entra(settings):
    settings.OIDC_TENANT, settings.OIDC_AUDIENCE = TENANT, ["api://certs.example"]
    return settings


def warnings():
    found = checks.check_identity_provider(None) + checks.check_transport_of_keys(None)
    assert all(warning.hint for warning in found)
    return [warning.id for warning in found]


def test_nothing_is_said_of_what_is_right(settings, entra):
    assert warnings() == []
    settings.OIDC_TENANT, settings.OIDC_AUDIENCE = "", []
    assert warnings() == []


@pytest.mark.parametrize(
    ("changed", "id"),
    [
        ({"OIDC_TENANT": ""}, "certstates.W011"),
        ({"OIDC_AUDIENCE": ["a", "https://graph.microsoft.com"]}, "certstates.W012"),
        (
            {"OIDC_AUDIENCE": [f"https://sts.windows.net/{TENANT}/"]},
            "certstates.W012",
        ),
        ({"OIDC_LEEWAY": 301}, "certstates.W013"),
        ({"OIDC_JWKS_URL": "http://127.0.0.1/keys"}, "certstates.W014"),
        ({"OIDC_TENANT": "", "OIDC_ISSUER": "http://[::1]"}, "certstates.W014"),
    ],
)
def test_what_would_hurt_is_warned_of(settings, entra, changed, id):
    for name, value in changed.items():
        setattr(settings, name, value)
    assert warnings() == [id]


def test_check_deploy_says_it(settings, entra, capsys):
    settings.OIDC_JWKS_URL = "http://127.0.0.1/keys"
    settings.OIDC_LEEWAY = 3600
    call_command("check", "--deploy", "--tag", "security")
    said = capsys.readouterr().err
    assert "certstates.W013" in said
    assert "certstates.W014" in said
