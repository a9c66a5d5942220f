"""Whatever goes wrong, and wherever, leaves as Graph's error envelope."""

import logging
import uuid

import pytest
from django.db import OperationalError
from django.test import Client

from certstates import errors, views
from certstates.addresses import COLLECTION
from certstates.headers import UNREADABLE
from project.wsgi import with_readable_requests
from tests.make import URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/beta/nope",
        "/beta/deviceManagement/nope",
        "/betadeviceManagement",
        "/v2.0/" + COLLECTION,
        f"/{COLLECTION}/a/b/c",
        f"/beta/{COLLECTION}(a)",
        "/nope",
        "/docs2",
        "/administrator",
        "/%ff%fe",
        "/a%00b",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "INVENTED"])
def test_an_unknown_path_is_a_bad_request_for_everyone(stranger, path, method):
    error_of(stranger.generic(method, path), 400, "BadRequest")


@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_host_is_answered_in_json_too(operator, settings, debug):
    settings.DEBUG = debug
    response = operator.get(URL, headers={"Host": "evil.example"})
    error_of(response, 400, "BadRequest")


@pytest.mark.parametrize("debug", [True, False])
def test_a_bug_is_a_500_that_says_nothing_but_its_request_id(
    operator, settings, monkeypatch, caplog, debug
):
    settings.DEBUG = debug

    def broken(*args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views.CertificateStateViewSet, "records", broken)
    with caplog.at_level(logging.ERROR, logger="certstates.errors"):
        response = operator.get(URL)
    error = error_of(response, 500, "InternalServerError")
    assert "secret" not in response.content.decode()
    assert error["innerError"]["request-id"] in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("debug", [True, False])
def test_a_crash_outside_the_views_is_json_too(operator, settings, monkeypatch, debug):
    settings.DEBUG = debug

    def broken(*args):
        raise OperationalError("secret detail")

    monkeypatch.setattr(
        "django.middleware.common.CommonMiddleware.process_request", broken
    )
    response = operator.get(URL)
    error_of(response, 500, "InternalServerError")
    assert "secret" not in response.content.decode()


def test_an_answer_that_cannot_be_met_is_not_acceptable(operator):
    make_state(id="a")
    for accept in ("text/html", "application/xml", "image/png"):
        response = operator.get(f"{URL}/a", headers={"Accept": accept})
        error_of(response, 406, "NotAcceptable")


@pytest.mark.parametrize("theirs", ["", "a b", "ä", "x" * 129, "a\tb"])
def test_an_odd_client_request_id_is_replaced(operator, theirs):
    response = operator.get(URL, headers={"client-request-id": theirs})
    ours = response.headers["client-request-id"]
    assert str(uuid.UUID(ours)) == ours == response.headers["request-id"]


def test_each_request_has_its_own_id(operator):
    ids = {operator.get(URL).headers["request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_answers_are_never_cached(operator):
    for response in (
        operator.get(URL),
        operator.create(make_body()),
        operator.get("/x"),
    ):
        assert response.headers["Cache-Control"] == "no-store"


def test_the_landing_page_is_only_for_reading(stranger):
    stranger.handler.enforce_csrf_checks = True
    for method in ("POST", "DELETE"):
        response = stranger.generic(method, "/")
        error_of(response, 405, "MethodNotAllowed")
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_plain_http_is_refused_and_not_redirected(operator):
    response = Client().post(URL)
    assert "https" in error_of(response, 400, "BadRequest")["message"]
    assert Client().get("/").headers["Location"] == "https://testserver/"


def test_a_thousand_parameters_are_a_bad_request(operator):
    query = "&".join(f"a{n}=1" for n in range(1001))
    error_of(operator.get(f"{URL}?{query}"), 400, "BadRequest")


def test_a_charset_does_not_change_how_a_query_is_read(operator):
    make_state(id="a")
    make_state(id="b")
    kind = "application/json; charset=utf-16"
    response = operator.get(f"{URL}?$top=1", headers={"Content-Type": kind})
    assert len(response.json()["value"]) == 1


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/S/%FF", "/S/%FF"),
        ("/S/\xc3\xa4", "/S/\xc3\xa4"),
        ("/S/\xff", "/S/\0"),
        ("/S/\xc3\xa4\xff\xfe", "/S/\xc3\xa4\0\0"),
    ],
)
def test_django_is_shown_no_path_that_it_would_repair(sent, seen):
    environ = {"PATH_INFO": sent}
    with_readable_requests(lambda environ, start_response: [])(environ, None)
    assert environ == {"PATH_INFO": seen}


def test_who_calls_by_a_foreign_name_is_told_so(operator):
    response = operator.get(URL, headers={"Host": "certs.example"})
    error = error_of(response, 400, "BadRequest")
    assert error["target"] == "Host"
    assert "'certs.example'" in error["message"]
    assert "ALLOWED_HOSTS" in error["message"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("application/json; x*=bogus''y", None),
        ("application/json; charset=hex", None),
        ("application/json; charset=utf-16", None),
        ("application/json; charset=\0", None),
        ("application/json; charset=utf-8", "application/json"),
        ('application/json;charset="UTF-8"; x=y', "application/json; x=y"),
        ("application/json; x=y", "application/json; x=y"),
    ],
)
@pytest.mark.parametrize("header", ["CONTENT_TYPE", "HTTP_ACCEPT"])
def test_django_is_shown_only_headers_that_it_can_read(header, sent, seen):
    environ = {header: sent}
    with_readable_requests(lambda environ, start_response: [])(environ, None)
    assert environ == {header: UNREADABLE[header] if seen is None else seen}


def test_pages_for_people_stay_html(client):
    for path in ("/", "/docs/", "/admin/login/"):
        response = client.get(path, secure=True)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/html")
        assert "OData-Version" not in response.headers


def test_every_code_belongs_to_the_status_of_its_error():
    for error in errors.GraphError.__subclasses__():
        if error is not errors.ModelValidationFailure:
            assert errors.CODES[error.status_code] == error.default_code
