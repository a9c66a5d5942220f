"""Nobody gets more from any address, by any method, than the matrix says.

The matrix is ``tests/access_matrix.py``.
"""

import datetime as dt
import json

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, URLResolver, get_resolver, resolve
from oauth2_provider.models import AccessToken

from certstates.addresses import COLLECTION
from certstates.errors import CODES
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ, READ_WRITE
from certstates.tokens import issue_token
from tests.access_matrix import (
    LOOKED_UP,
    METHODS,
    NOT_LOOKED_UP,
    PEOPLE,
    ROWS,
    SHADOWED,
)
from tests.make import JSON, ApiClient, error_of, make_body, make_state, make_token
from tests.staff import make_person

pytestmark = pytest.mark.django_db

WRITES = ("POST", "PATCH", "DELETE")
SENT = {
    "PATCH": {"userPrincipalName": "somebody@contoso.example"},
    "$batch": {
        "requests": [
            {
                "id": "1",
                "method": "POST",
                "url": f"/{COLLECTION}",
                "headers": {"Content-Type": JSON},
                "body": make_body(),
            }
        ]
    },
}


def routes_of(urls, before=""):
    """Yield the pattern of each route; those of the admin have a table of their own."""
    for entry in urls:
        pattern = f"{before}{entry.pattern}"
        if isinstance(entry, URLResolver) and pattern != "admin/":
            yield from routes_of(entry.url_patterns, pattern)
        else:
            yield plain(pattern)


def plain(pattern):
    """Return a pattern without the anchors that Django leaves out when it joins two."""
    return pattern.replace("^", "")


def route_of(row):
    try:
        route = plain(resolve(f"/{row.path}").route)
    except Resolver404:  # whitenoise serves it
        return None
    return "admin/" if row.path == "admin/" else route


def test_the_matrix_knows_every_route():
    known = {route_of(row) for row in ROWS} | SHADOWED
    missing = {*routes_of(get_resolver().url_patterns)} - known
    assert not missing


def test_no_address_stands_in_it_twice():
    assert len({row.path for row in ROWS}) == len(ROWS)


def staff_client(person, token=None):
    client = ApiClient(token)
    client.force_login(person)
    return client


def write_token(name, *, days=1):
    return issue_token(name, scope=READ_WRITE, lifetime=dt.timedelta(days=days))


def revoked_token():
    raw = write_token("revoked")
    AccessToken.objects.get(application__name="revoked").revoke()
    return raw


@pytest.fixture
def clients(db):
    make_state(id="a")
    superuser = User.objects.create_superuser("superuser")
    clients = {
        "nobody": ApiClient(),
        "garbage": ApiClient("garbage"),
        "expired token": ApiClient(write_token("expired", days=-1)),
        "revoked token": ApiClient(revoked_token()),
        "superuser's session": staff_client(superuser),
        "viewer's session": staff_client(make_person("viewer", "Viewer")),
        "read scope": ApiClient(make_token(READ)),
        "superuser's session, read scope": staff_client(superuser, make_token(READ)),
        "write scope": ApiClient(make_token(READ_WRITE)),
        "another application, write scope": ApiClient(write_token("another")),
    }
    assert clients.keys() == PEOPLE.keys()
    return clients


def records():
    return [*State.objects.order_by("pk").values_list("pk", "user_principal_name")]


def send(client, method, row):
    """Send what would write where that is allowed, and read the answer to its end."""
    body = SENT.get(row.path.rpartition("/")[2]) or SENT.get(method) or make_body()
    response = client.generic(method, f"/{row.path}", json.dumps(body), JSON)
    b"".join(response)
    return response


def changes(client, method, row):
    """Send the same and undo it; return the answer, and whether a record changed."""
    with transaction.atomic():
        before = records()
        response = send(client, method, row)
        is_changed = records() != before
        transaction.set_rollback(True)
    return response, is_changed


def answers(client):
    """Yield each cell of somebody who cannot write, and the questions that it cost."""
    for row in ROWS:
        for method in METHODS:
            with CaptureQueriesContext(connection) as captured:
                response = send(client, method, row)
            yield row, method, response, len(captured)


def assert_refused_as_graph_does(response, row, method):
    status = response.status_code
    if status >= 400 and method != "HEAD" and not row.is_page:
        error_of(response, status, CODES[status])


def costs(person, row, status):
    """Return how many questions an answer may cost, or nothing if any number."""
    if row.path.startswith("admin"):
        return None
    if person in NOT_LOOKED_UP:
        return 0
    if person in LOOKED_UP:
        return int(status == 401)
    return None


@pytest.mark.parametrize("person", [p for p in PEOPLE if PEOPLE[p] != "writer"])
def test_who_cannot_write_gets_what_the_matrix_says_and_changes_nothing(
    clients, person
):
    before, wrong = records(), []
    for row, method, response, questions in answers(clients[person]):
        status = row.statuses(person)[method]
        allowed = costs(person, row, status)
        if response.status_code != status or allowed not in (None, questions):
            wrong.append((method, str(row), response.status_code, questions))
        assert_refused_as_graph_does(response, row, method)
    assert not wrong
    assert records() == before


@pytest.mark.parametrize("person", [p for p in PEOPLE if PEOPLE[p] == "writer"])
def test_who_can_write_changes_records_where_the_matrix_says(clients, person):
    wrong = []
    for row in ROWS:
        for method, status in row.statuses(person).items():
            response, is_changed = changes(clients[person], method, row)
            writes = method in WRITES and status < 300 and not row.is_page
            if response.status_code != status or is_changed != writes:
                wrong.append((method, str(row), response.status_code, is_changed))
            assert_refused_as_graph_does(response, row, method)
    assert not wrong
