"""Whatever goes wrong, and wherever, leaves as Graph's error envelope."""

import logging
import uuid

import pytest
from django.db import OperationalError

from certstates import errors, views
from certstates.views import COLLECTION
from tests.make import URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/beta",
        "/beta/",
        "/beta/nope",
        "/beta/deviceManagement",
        "/beta/deviceManagement/nope",
        "/v2.0/" + COLLECTION,
        f"/{COLLECTION}/a/b/c",
        f"/beta/{COLLECTION}(a)",
        "/deviceManagement/",
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
    error_of(stranger.post("/"), 405, "MethodNotAllowed")


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
