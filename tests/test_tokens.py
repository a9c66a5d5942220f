"""Who may do what, with which token."""

import datetime as dt
import hashlib

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.permissions import READ, READ_WRITE
from tests.make import URL, ApiClient, error_of, make_body, make_state, make_token

pytestmark = pytest.mark.django_db

EVERY_REQUEST = [
    ("GET", URL),
    ("POST", URL),
    ("GET", f"{URL}/a"),
    ("PATCH", f"{URL}/a"),
    ("DELETE", f"{URL}/a"),
]
WRITES = [request for request in EVERY_REQUEST if request[0] != "GET"]


@pytest.mark.parametrize(("method", "url"), EVERY_REQUEST)
def test_a_stranger_is_asked_for_a_token(stranger, method, url):
    response = stranger.generic(method, url)
    error_of(response, 401, "InvalidAuthenticationToken")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="certstates"'


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer ä",
        "Bearer \x00",
        "Bearer " + "a" * 65536,
        "Basic YTpi",
        "Token abc",
        "Bearer certstates_" + "a" * 43,
    ],
)
@pytest.mark.parametrize(("method", "url"), EVERY_REQUEST)
def test_what_is_no_token_of_this_server_is_refused(stranger, method, url, header):
    response = stranger.generic(method, url, headers={"Authorization": header})
    error_of(response, 401, "InvalidAuthenticationToken")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_what_cannot_be_a_token_costs_no_query(stranger, django_assert_num_queries):
    with django_assert_num_queries(0):
        for raw in ("a" * 5000, "a" * 65536, "certstates_" + "a" * 42):
            stranger.get(URL, headers={"Authorization": f"Bearer {raw}"})


def test_an_expired_token_is_refused():
    client = ApiClient(make_token(READ_WRITE))
    AccessToken.objects.update(expires=timezone.now() - dt.timedelta(seconds=1))
    error_of(client.get(URL), 401, "InvalidAuthenticationToken")


def test_a_revoked_token_is_refused(operator):
    assert operator.get(URL).status_code == 200
    AccessToken.objects.get().revoke()
    error_of(operator.get(URL), 401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(("method", "url"), WRITES)
def test_a_reader_may_not_write(reader, method, url):
    make_state(id="a")
    response = reader.generic(method, url, make_body(), "application/json")
    error = error_of(response, 403, "Forbidden")
    assert READ_WRITE in error["message"]


def test_a_token_of_another_scope_may_not_read():
    client = ApiClient(make_token("User.Read"))
    message = error_of(client.get(URL), 403, "Forbidden")["message"]
    assert READ in message
    assert READ_WRITE in message


@pytest.mark.parametrize("scope", [READ.lower(), f"openid {READ.upper()}"])
def test_scopes_are_compared_in_any_case(scope):
    assert ApiClient(make_token(scope)).get(URL).status_code == 200


def test_the_scheme_is_compared_in_any_case(stranger):
    header = {"Authorization": f"bearer  {make_token(READ)} "}
    assert stranger.get(URL, headers=header).status_code == 200


def test_a_staff_session_is_no_token(admin_client):
    response = admin_client.get(URL, secure=True)
    error_of(response, 401, "InvalidAuthenticationToken")


def test_the_database_does_not_reveal_a_token():
    raw = make_token(READ)
    with connection.cursor() as cursor:
        cursor.execute("SELECT a::text, t::text FROM oauth2_provider_accesstoken t, "
                       "oauth2_provider_application a")  # fmt: skip
        [row] = cursor.fetchall()
    assert raw not in str(row)
    assert hashlib.sha256(raw.encode()).hexdigest() in str(row)


def test_create_token_prints_the_token_alone_on_standard_output(capsys):
    call_command("create_token", "nightly", "--scope", "readwrite", "--expires", "30")
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert out.strip() not in err
    assert READ_WRITE in err
    assert "30 days" in err
    response = ApiClient(out.strip()).create(make_body())
    assert response.status_code == 201
    token = AccessToken.objects.get()
    assert token.application.name == "nightly"
    assert abs(token.expires - timezone.now() - dt.timedelta(days=30)).seconds < 60


def test_create_token_reads_only_unless_told_otherwise(capsys):
    call_command("create_token", "nightly")
    client = ApiClient(capsys.readouterr().out.strip())
    assert client.get(URL).status_code == 200
    assert client.create(make_body()).status_code == 403


def test_tokens_of_one_name_belong_to_one_application(capsys):
    for _ in range(2):
        call_command("create_token", "nightly")
    assert Application.objects.count() == 1
    assert AccessToken.objects.count() == 2


def test_two_applications_of_one_name_are_no_obstacle(capsys):
    call_command("create_token", "nightly")
    twin = Application.objects.get()
    twin.pk, twin.client_id = None, "twin"
    twin.save()
    call_command("create_token", "nightly")
    assert {t.application_id for t in AccessToken.objects.all()} == {
        min(a.pk for a in Application.objects.all())
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["x", "--expires", "0"],
        ["x", "--expires", "99999"],
        [" "],
        ["x" * 256],
        ["a\nb"],
        ["\udcff"],
    ],
)
def test_create_token_explains_what_it_cannot_make(arguments):
    with pytest.raises(CommandError, match="must"):
        call_command("create_token", *arguments)
    assert not AccessToken.objects.exists()


def test_expired_tokens_are_cleared_away_without_a_word(capsys):
    make_token(READ)
    kept = AccessToken.objects.get()
    make_token(READ, days=-1)
    call_command("cleartokens")
    assert AccessToken.objects.get() == kept
    assert "".join(capsys.readouterr()) == ""
