"""Static bearer tokens: one application a name, any number of tokens for it."""

import datetime as dt
import secrets

from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, set_token_value

PREFIX = "certstates_"  # lets secret scanners, and people, see what it is


def issue_token(name: str, *, scope: str, lifetime: dt.timedelta) -> str:
    """Make a token for the application ``name`` and return it.

    This is the only time that it can be seen: the database keeps its SHA-256.
    """
    raw = PREFIX + secrets.token_urlsafe(32)
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
