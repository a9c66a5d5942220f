"""Opaque bearer tokens: one application a name, any number of tokens for it."""

import datetime as dt
import hashlib
import re
import secrets

from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, set_token_value

from certstates.callers import Caller, scopes_of

PREFIX = "certstates_"  # lets secret scanners, and people, see what it is
FORM = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)


def new_token() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def caller_of(raw: str) -> Caller | None:
    """Return whose token this is, or nothing for one that is not, or no longer, valid.

    What has not the form of a token is not looked up.
    """
    if not FORM.fullmatch(raw):
        return None
    checksum = hashlib.sha256(raw.encode()).hexdigest()
    tokens = AccessToken.objects.select_related("application")
    token = tokens.filter(token_checksum=checksum).first()
    if token is None or token.is_expired():
        return None
    application = token.application
    key = f"application:{application.pk}"
    return Caller(key, application.name, scopes_of(token.scope))


def issue_token(name: str, *, scope: str, lifetime: dt.timedelta) -> str:
    """Make a token for the application ``name`` and return it.

    This is the only time that it can be seen: the database keeps its SHA-256.
    """
    raw = new_token()
    with transaction.atomic():
        token = AccessToken(
            application=_application(name),
            scope=scope,
            expires=timezone.now() + lifetime,
        )
        set_token_value(token, raw)
        token.save()
    return raw


def _application(name: str) -> Application:
    """Return the application of this name, made where there is none.

    Must run in a transaction: a name is not unique by itself, so a lock is held.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
    found = Application.objects.filter(name=name).order_by("pk").first()
    return found or Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
