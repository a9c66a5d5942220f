"""Token requests that are refused: whose, in which words, and at what cost."""

import base64
from urllib.parse import urlencode

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Application

from certstates.models import ClientCredentials
from certstates.oauth.hashers import ClientSecretHasher
from certstates.permissions import READ
from tests.make import HttpsClient, make_token
from tests.oauth import FORM, TOKEN, ask, basic, form_of, refusal_of, send

pytestmark = pytest.mark.django_db


GRANTS = ("password", "authorization_code", "refresh_token", "Client_Credentials", "x")
WRONG = [
    ("invalid_client", {"client_secret": "certstates_secret_" + "a" * 43}),
    ("invalid_client", {"client_secret": None}),
    ("invalid_client", {"client_secret": ""}),
    ("invalid_client", {"client_secret": "ä" * 9000}),
    ("invalid_client", {"client_id": "nobody"}),
    ("invalid_client", {"client_id": None}),
    ("invalid_client", {"client_id": "https://client.example/metadata.json"}),
    ("invalid_client", {"client_id": "ä"}),
    ("invalid_client", {"client_id": "a" * 5000}),
    ("invalid_client", {"client_id": None, "client_secret": None}),
    ("invalid_request", {"grant_type": None}),
    ("invalid_request", {"client_id": "a\0"}),
    ("invalid_request", {"scope": "\0"}),
    ("invalid_request", {"x" * 70_000: "x"}),
    ("invalid_request", {f"x{n}": n for n in range(101)}),
    *(("unsupported_grant_type", {"grant_type": grant}) for grant in GRANTS),
]


@pytest.mark.parametrize(("error", "overrides"), WRONG)
def test_a_wrong_request_is_refused(writer_app, error, overrides):
    response = ask(writer_app, **overrides)
    status = 401 if error == "invalid_client" else 400
    refusal_of(response, 413 if "x" * 70_000 in overrides else status, error)
    assert not AccessToken.objects.exists()


NEARLY = "grant_type=client_credentials&scope=.default"
BODIES = [
    b"",
    b"{}",
    b"\xff",
    b"client_id=%ff",
    b"grant_type=client_credentials&grant_type=client_credentials",
    f"{NEARLY}&client_id=a&client_secret=b&client_secret=b".encode(),
    f"{NEARLY}&scope=.default&client_id=a&client_secret=b".encode(),
    f"{NEARLY}&claims=a&claims=&client_id=a&client_secret=b".encode(),
    b"%67rant_type=x&grant_type=x",
    b"&" * 1000,
    b"=" * 1000,
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_cannot_be_read_is_refused(body):
    refusal_of(send(body), 400, "invalid_request")


@pytest.mark.parametrize("length", ["65537", "9" * 5000, "-1", "x"])
def test_a_body_of_no_length_or_too_much_is_refused(length):
    response = HttpsClient().post(
        TOKEN, b"a=b", content_type=FORM, CONTENT_LENGTH=length
    )
    refusal_of(response, 413, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "more"),
    [
        ("application/json", {}),
        ("multipart/form-data; boundary=x", {}),
        ("text/plain", {}),
        ("", {}),
        (FORM, {"Content-Encoding": "gzip"}),
    ],
)
def test_a_body_of_another_type_is_refused(writer_app, content_type, more):
    body = urlencode(form_of(writer_app))
    response = send(body, content_type=content_type, headers=more)
    assert FORM in refusal_of(response, 400, "invalid_request")


def test_a_charset_says_nothing_new(writer_app):
    body = urlencode(form_of(writer_app))
    assert send(body, content_type=f"{FORM};charset=utf-8").status_code == 200


@pytest.mark.parametrize("name", ["grant_type", "client_id", "client_secret", "scope"])
def test_a_field_in_the_address_is_refused(writer_app, name):
    path = f"{TOKEN}?{urlencode({name: form_of(writer_app)[name]})}"
    refusal_of(ask(writer_app, path=path), 400, "invalid_request")


def test_an_address_that_cannot_be_read_is_refused(writer_app):
    for query in ("%ff", "&x" * 101):
        response = ask(writer_app, path=f"{TOKEN}?{query}")
        refusal_of(response, 400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic a",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"%ff:%ff").decode(),
        "Basic " + base64.b64encode(b"a:\0").decode(),
        "Basic " + base64.b64encode(b"a" * 9000 + b":b").decode(),
        "Bearer certstates_" + "a" * 43,
        "Digest username=a",
        "",
    ],
)
def test_a_header_that_names_no_client_is_refused(writer_app, header):
    without = {"client_id": None, "client_secret": None}
    response = ask(writer_app, headers={"Authorization": header}, **without)
    refusal_of(response, 401, "invalid_client")


def test_credentials_in_two_places_are_refused(writer_app, reader_app):
    header = {"Authorization": basic(writer_app)}
    refusal_of(ask(writer_app, headers=header), 400, "invalid_request")
    response = ask(reader_app, headers=header, client_secret=None)
    refusal_of(response, 400, "invalid_request")


def test_a_wrong_secret_and_an_unknown_client_get_the_same_answer(writer_app):
    def answer(**overrides):
        response = ask(writer_app, **overrides)
        body = response.json()
        for name in ("timestamp", "trace_id", "correlation_id"):
            del body[name]
        names = {*response.headers} - {"request-id", "client-request-id"}
        return body, response.status_code, {n: response.headers[n] for n in names}

    assert answer(client_secret="a") == answer(client_id="nobody")


@pytest.mark.parametrize("client_id", ["known", "nobody", "static"])
def test_each_wrong_guess_costs_one_query_and_one_hash(
    writer_app, client_id, monkeypatch, django_assert_num_queries
):
    make_token(READ)
    ids = {
        "known": writer_app[0].application.client_id,
        "static": Application.objects.get(name="tests").client_id,
    }
    hashed = []
    encode = ClientSecretHasher.encode
    monkeypatch.setattr(
        ClientSecretHasher,
        "encode",
        lambda self, *args: hashed.append(args) or encode(self, *args),
    )
    with django_assert_num_queries(1):
        ask(writer_app, client_id=ids.get(client_id, client_id), client_secret="a")
    assert len(hashed) == 1


def make_static(**values):
    """Return something like credentials, of an application that has none."""
    make_token(READ)
    application = Application.objects.get(name="tests")
    for name, value in values.items():
        setattr(application, name, value)
    return ClientCredentials(application=application)


def test_a_static_application_is_refused_even_with_a_known_secret():
    made = make_static(client_secret="certstates_secret_known")
    made.application.save()
    response = ask((made, "certstates_secret_known"))
    refusal_of(response, 400, "unauthorized_client")


@pytest.mark.parametrize(
    "values",
    [
        {"client_type": Application.CLIENT_PUBLIC},
        {"authorization_grant_type": Application.GRANT_PASSWORD},
    ],
)
def test_an_application_of_another_kind_is_refused(writer_app, values):
    Application.objects.update(**values)
    refusal_of(ask(writer_app), 400, "unauthorized_client")


def test_a_secret_that_is_kept_in_plain_is_never_right(writer_app):
    Application.objects.update(client_secret="plain")
    refusal_of(ask(writer_app, client_secret="plain"), 401, "invalid_client")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
def test_other_methods_are_refused(method):
    response = getattr(HttpsClient(), method)(TOKEN)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    if method != "head":
        refusal_of(response, 405, "invalid_request")


def test_plain_http_is_refused_and_not_redirected(writer_app):
    response = Client().post(TOKEN, urlencode(form_of(writer_app)), content_type=FORM)
    assert "https" in refusal_of(response, 400, "invalid_request")


def test_a_foreign_host_is_refused_in_oauths_words(writer_app):
    refusal_of(
        ask(writer_app, headers={"Host": "evil.example"}), 400, "invalid_request"
    )
