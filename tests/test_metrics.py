"""``/metrics``: who may read it, and what stands in it."""

import datetime as dt

import pytest
from django.utils import timezone
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from certstates.addresses import COLLECTION
from certstates.models import RevocationStatus
from certstates.monitoring import gauges
from tests.access_matrix import METHODS, ROWS
from tests.make import ApiClient, error_of, make_state

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture(autouse=True)
def anew():
    gauges.memory.clear()


def samples(text, families=text_string_to_metric_families):
    """Return the value of each sample, by its name and its labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families(text)
        for sample in family.samples
    }


def read(client):
    response = client.get("/metrics")
    assert response.status_code == 200, response.content
    return samples(response.text)


def expires_in(days, **values):
    moment = timezone.now() + dt.timedelta(days=days)
    return make_state(certificate_expiration_date_time=moment, **values)


def test_it_counts_what_the_records_will_need(reader):
    for days in (-1, 0.5, 3, 20, 60, 200):
        expires_in(days)
    expires_in(3, certificate_revoke_status=RevocationStatus.REVOKED)
    expires_in(-3, certificate_revoke_status=RevocationStatus.REVOKED)
    changed = timezone.now() - dt.timedelta(hours=1)
    expires_in(
        200,
        certificate_revoke_status=RevocationStatus.FAILED,
        certificate_revoke_status_last_change_date_time=changed,
    )
    found = read(reader)
    assert found[("certstates_database_up",)] == 1
    assert found[("certstates_records",)] == 9
    assert found[("certstates_certificates_expired",)] == 1
    assert [
        found["certstates_certificates_expiring", ("within", within)]
        for within in ("1d", "7d", "30d", "90d")
    ] == [1, 2, 3, 4]
    assert [
        found["certstates_records_by_revocation", ("status", status.wire_name)]
        for status in RevocationStatus
    ] == [6, 0, 0, 1, 2]
    assert found[("certstates_revocations_open",)] == 1
    age = found[("certstates_revocation_oldest_open_seconds",)]
    assert 3600 <= age < 3600 + 300
    assert found[("certstates_counts_estimated",)] == 0


def test_without_an_open_revocation_none_is_old(reader):
    assert read(reader)[("certstates_revocation_oldest_open_seconds",)] == 0


def test_numbers_are_remembered_for_a_while(
    reader, settings, django_assert_num_queries
):
    read(reader)
    expires_in(3)
    with django_assert_num_queries(1):  # the token
        assert read(reader)[("certstates_records",)] == 0
    settings.METRICS = "open"
    with django_assert_num_queries(0):
        read(ApiClient())
    gauges.memory.clear()
    with django_assert_num_queries(2):
        assert read(ApiClient())[("certstates_records",)] == 1


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/*;q=0.5, application/openmetrics-text;q=0.9", OPENMETRICS),
        (PROMETHEUS, OPENMETRICS),
        ("application/openmetrics-text;version=abc", OPENMETRICS),
        ('application/openmetrics-text;version="1;x"', OPENMETRICS),
    ],
)
def test_it_comes_in_the_form_that_is_asked_for(reader, accept, content_type):
    headers = {"Accept": accept} if accept else {}
    response = reader.get("/metrics", headers=headers)
    assert response.headers["Content-Type"] == content_type
    is_open = content_type == OPENMETRICS
    families = openmetrics_families if is_open else text_string_to_metric_families
    assert samples(response.text, families)[("certstates_database_up",)] == 1


def test_what_it_has_not_is_refused_in_the_envelope(reader):
    response = reader.get("/metrics", headers={"Accept": "text/html"})
    error_of(response, 406, "NotAcceptable")


def test_a_stranger_learns_nothing_unless_it_is_open(stranger, settings, db):
    error_of(stranger.get("/metrics"), 401, "InvalidAuthenticationToken")
    settings.METRICS = "open"
    assert read(stranger)[("certstates_records",)] == 0
    assert stranger.head("/metrics").status_code == 200
    error_of(stranger.post("/metrics"), 405, "MethodNotAllowed")


def test_off_it_is_an_unknown_address(operator, stranger, settings):
    settings.METRICS = "off"
    for client in (operator, stranger):
        response = client.get("/metrics")
        error = error_of(response, 400, "BadRequest")
        assert error["message"].startswith("There is no resource at '/metrics'")


def test_it_is_not_throttled(reader, settings):
    settings.THROTTLE = True
    settings.THROTTLE_APP_REQUESTS = 1
    for _ in range(3):
        assert reader.get("/metrics").status_code == 200


def requests_of(found, **labels):
    return found.get(("certstates_http_requests_total", *sorted(labels.items())), 0)


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/beta/{COLLECTION}", f"/{COLLECTION}", "200"),
        ("GET", f"/BETA/{COLLECTION.upper()}/", f"/{COLLECTION}", "200"),
        ("GET", f"/v1.0/{COLLECTION}/x", f"/{COLLECTION}/{{id}}", "404"),
        ("GET", f"/{COLLECTION}('x')", f"/{COLLECTION}/{{id}}", "404"),
        ("DELETE", f"/beta/{COLLECTION}/x", f"/{COLLECTION}/{{id}}", "404"),
        (
            "GET",
            f"/beta/{COLLECTION}/x/id/$value",
            f"/{COLLECTION}/{{id}}/{{property}}/$value",
            "404",
        ),
        ("GET", f"/beta/{COLLECTION}/delta", f"/{COLLECTION}/delta()", "200"),
        ("GET", "/beta", "/", "200"),
        ("GET", "/", "/", "200"),
        ("GET", "/secret-name", "unknown", "400"),
        ("GET", "/admin/certstates/secret/", "admin", "302"),
        ("GET", "/docs/secret", "/docs/<path:rest>", "404"),
        ("GET", "/static/certstates/icon.svg", "static", "200"),
        ("POST", "/secret.example/oauth2/v2.0/token", "/oauth2/v2.0/token", "400"),
        ("INVENTED", "/beta", "other", "405"),
        ("GET", "/metrics", "/metrics", "200"),
    ],
)
def test_a_request_is_counted_by_its_template(operator, method, path, route, status):
    labels = {"method": method, "route": route, "status": status}
    if method == "INVENTED":
        labels |= {"method": "other", "route": "/"}
    before = requests_of(read(operator), **labels)
    b"".join(operator.generic(method, path))
    after = read(operator)
    own = route == "/metrics"  # reading counts itself
    assert requests_of(after, **labels) == before + 1 + own
    name = "certstates_http_request_duration_seconds"
    del labels["status"]
    assert after[f"{name}_count", *sorted(labels.items())] >= 1
    assert after[f"{name}_bucket", ("le", "+Inf"), *sorted(labels.items())] >= 1


def test_who_is_refused_at_the_door_is_counted_without_a_route(operator):
    labels = {"method": "GET", "route": "refused", "status": "400"}
    before = requests_of(read(operator), **labels)
    operator.get("/beta", headers={"Host": "foreign.example"})
    assert requests_of(read(operator), **labels) == before + 1


def test_no_label_tells_what_was_asked(operator):
    for row in ROWS:
        for method in METHODS:
            b"".join(operator.generic(method, f"/{row.path}"))
    found = [dict(labels) for name, *labels in read(operator) if "_http_" in name]
    routes = {labels["route"] for labels in found}
    assert not [route for route in routes if set("[]?\\^*") & {*route}]
    assert len(routes) < 40
    assert {labels["method"] for labels in found} <= {*METHODS, "other"} - {"INVENT"}


def test_a_probe_is_not_counted(operator):
    for method in ("GET", "HEAD"):
        operator.generic(method, "/healthz")
        labels = {"method": method, "route": "/healthz", "status": "200"}
        assert not requests_of(read(operator), **labels)


def test_where_there_is_no_place_to_count_requests_are_answered(
    reader, settings, tmp_path, monkeypatch, caplog
):
    from certstates.monitoring import requests, slots

    (tmp_path / "file").touch()
    settings.METRICS_DIR = str(tmp_path / "file" / "directory")
    monkeypatch.setattr(requests, "own", requests.OwnMeters())
    monkeypatch.setattr(slots, "own", slots.OwnSlot())
    found = read(reader)
    assert found[("certstates_records",)] == 0
    assert not [name for name, *_ in found if "_http_" in name]
    assert caplog.text.count("Requests are not counted") == 1
