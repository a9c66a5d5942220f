"""The watch over the whole run sees what it is there to see."""

import logging

import pytest
from django.contrib.auth.models import User
from django.db import connection

from certstates import tokens
from project.wsgi import application
from tests.leaks import LEAKS


@pytest.fixture
def found():
    """Return what is found during the test; the run is not spoilt by it."""
    before, LEAKS.found = LEAKS.found, []
    yield LEAKS.found
    LEAKS.found = before


@pytest.fixture
def unmasked(monkeypatch):
    """Let lines out as libraries write them."""
    monkeypatch.setattr("certstates.logs.without_secrets", lambda line: line)


def test_a_token_in_a_line_is_found(found, unmasked):
    logging.getLogger("any").warning("made %s", tokens.new_token())
    assert len(found) == 1


def test_the_watch_outlives_the_import_of_the_application():
    """It sets up logging, and other tests import it when the watch has begun."""
    assert application
    assert LEAKS in logging.getLogger().handlers


def test_a_password_in_a_line_is_found(db, found, unmasked):
    User.objects.create_user("ana", password="open sesame")
    logging.getLogger("any").warning("tried open sesame")
    assert len(found) == 1


def test_a_token_in_a_statement_is_found(db, found):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [tokens.new_token()])
    assert len(found) == 1


def test_a_secret_that_is_hashed_first_is_not(db, found, unmasked):
    User.objects.create_user("ana", password="open sesame")
    tokens.issue_token("nightly", scope="a", lifetime=tokens.dt.timedelta(days=1))
    logging.getLogger("any").warning("made a token")
    assert found == []
