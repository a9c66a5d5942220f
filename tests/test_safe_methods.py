"""A link changes nothing: what writes is posted, and asks for the form's sign."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin_routes import ROWS
from tests.make import HttpsClient

URLS = sorted({row.url({}) for row in ROWS if not row.args})
POSTED = sorted({row.url({}) for row in ROWS if row.post and not row.args})
# The sessions are written down as being in use; nothing else may be.
OWN = re.compile(r'"django_session"')
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|TRUNCATE|COPY|MERGE)\b", re.IGNORECASE)


def writes(captured):
    texts = [query["sql"] for query in captured]
    return [text for text in texts if WRITES.match(text) and not OWN.search(text)]


@pytest.fixture
def root(admin_user):
    client = HttpsClient(enforce_csrf_checks=True)
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("url", URLS)
def test_a_page_that_is_looked_at_writes_nothing(root, url):
    with CaptureQueriesContext(connection) as captured:
        root.get(url)
    assert writes(captured) == []


@pytest.mark.parametrize("url", POSTED)
def test_a_post_without_the_sign_of_a_form_writes_nothing(root, url):
    with CaptureQueriesContext(connection) as captured:
        response = root.post(url, {"post": "yes"})
    assert response.status_code in (403, 405)
    assert writes(captured) == []
