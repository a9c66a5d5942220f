"""manage.py create_application: a client id, and a secret that is shown once."""

import json

import pytest
from django.core.management import CommandError, call_command
from oauth2_provider.models import AccessToken, Application

from certstates.models import ClientCredentials
from certstates.oauth.hashers import ClientSecretHasher
from certstates.permissions import READ, READ_WRITE
from tests.make import URL, ApiClient, make_body, make_token
from tests.oauth import ask, refusal_of

pytestmark = pytest.mark.django_db


def create(capsys, *arguments):
    """Run the command; return what goes to standard output and to standard error."""
    call_command("create_application", *arguments)
    return capsys.readouterr()


def test_it_prints_the_secret_alone_on_standard_output(capsys):
    out, err = create(capsys, "nightly", "--scope", "readwrite")
    assert out.startswith("certstates_secret_")
    assert out.count("\n") == 1
    secret = out.strip()
    assert secret not in err
    made = ClientCredentials.objects.get()
    assert made.application.name == "nightly"
    assert made.application.client_id in err
    assert READ_WRITE in err
    assert made.application.client_secret.startswith("client_secret$1$")
    assert ClientSecretHasher().verify(secret, made.application.client_secret)
    api = ApiClient(ask((made, secret)).json()["access_token"])
    assert api.create(make_body()).status_code == 201


def test_programs_read_it_as_json(capsys):
    out, err = create(capsys, "nightly", "--json")
    made = ClientCredentials.objects.get()
    found = json.loads(out)
    assert err == ""
    assert [*found] == ["name", "client_id", "client_secret", "scope"]
    assert found["name"] == "nightly"
    assert found["client_id"] == made.application.client_id
    assert found["scope"] == READ
    assert ask((made, found["client_secret"])).status_code == 200


def test_it_reads_only_unless_told_otherwise(capsys):
    secret = create(capsys, "nightly").out.strip()
    made = ClientCredentials.objects.get()
    api = ApiClient(ask((made, secret)).json()["access_token"])
    assert api.get(URL).status_code == 200
    assert api.create(make_body()).status_code == 403


def test_a_new_secret_ends_the_old_one(capsys):
    old = create(capsys, "nightly", "--scope", "readwrite").out.strip()
    made = ClientCredentials.objects.get()
    api = ApiClient(ask((made, old)).json()["access_token"])
    out, err = create(capsys, "nightly", "--new-secret")
    assert made.application.client_id in err
    assert READ_WRITE in err
    refusal_of(ask((made, old)), 401, "invalid_client")
    assert api.get(URL).status_code == 401
    assert ask((made, out.strip())).status_code == 200
    assert Application.objects.count() == 1


def test_static_tokens_of_the_same_name_are_another_applications(capsys):
    before = make_token(READ)  # of "tests"
    create(capsys, "tests")
    after = make_token(READ)
    assert Application.objects.filter(name="tests").count() == 2
    create(capsys, "tests", "--new-secret")
    assert AccessToken.objects.count() == 2
    for token in (before, after):
        assert ApiClient(token).get(URL).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([" "], "must have 1 to 255"),
        (["x" * 256], "must have 1 to 255"),
        (["a\nb"], "must have 1 to 255"),
        (["\udcff"], "must have 1 to 255"),
        (["taken"], "has this name"),
        (["static", "--new-secret"], "No application"),
        (["nobody", "--new-secret"], "No application"),
        (["taken", "--new-secret", "--scope", "read"], "--new-secret"),
    ],
)
def test_it_explains_what_it_cannot_make(capsys, arguments, words):
    create(capsys, "taken")
    kept = ClientCredentials.objects.get().application.client_secret
    Application.objects.create(name="static")
    with pytest.raises(CommandError, match=words):
        call_command("create_application", *arguments)
    made = ClientCredentials.objects.get()
    assert made.application.client_secret == kept
