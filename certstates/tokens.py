"""Opaque bearer tokens: one application a name, any number of tokens for it."""

import datetime as dt
import hashlib
import logging
import re
import secrets

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from oauth2_provider.models import (
    AccessToken,
    Application,
    revoke_access_token,
    set_token_value,
)

from certstates.callers import Caller, scopes_of
from certstates.models import TokenUse, check_name, hold_name

logger = logging.getLogger(__name__)

PREFIX = "certstates_"  # lets secret scanners, and people, see what it is
FORM = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)


def new_token() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def find(raw: str) -> AccessToken | None:
    """Return the stored token, or nothing; by one question for it and all about it.

    What has not the form of a token is not looked up.
    """
    if not FORM.fullmatch(raw):
        return None
    checksum = hashlib.sha256(raw.encode()).hexdigest()
    tokens = AccessToken.objects.select_related("application", "use")
    return tokens.filter(token_checksum=checksum).first()


def caller_of(raw: str) -> Caller | None:
    """Return whose token this is, or nothing for one that is not, or no longer, valid.

    Its use is noted on the way. Who would keep the answer for a moment need not note
    anything: a minute is told apart, and no less.
    """
    token = find(raw)
    if token is None or token.application is None or token.is_expired():
        return None
    note_use(token)
    application = token.application
    key = f"application:{application.pk}"
    return Caller(key, application.name, scopes_of(token.scope))


def note_use(token: AccessToken) -> None:
    """Note that a token is used, at most once a minute for all processes.

    No request fails or waits for it: it comes before the request's own transaction,
    and is committed by itself.
    """
    known: TokenUse | None = getattr(token, "use", None)
    if known and known.is_recent:
        return
    try:
        TokenUse.note(token.pk)
    except DatabaseError as error:
        logger.warning("The use of token %s could not be noted: %s", token.pk, error)


def issue_token(name: str, *, scope: str, lifetime: dt.timedelta) -> str:
    """Make a token for the application ``name`` and return it.

    This is the only time that it can be seen: the database keeps its SHA-256.
    """
    _, raw = issue(name, scope=scope, lifetime=lifetime)
    return raw


def issue(name: str, *, scope: str, lifetime: dt.timedelta) -> tuple[AccessToken, str]:
    """Make a token; return what is stored of it, and what is not.

    Raises ValidationError for a name that cannot be.
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
    return token, raw


def known_tokens(name: str | None = None) -> QuerySet[AccessToken]:
    """Return all tokens, or those of one name, by application; the newest first."""
    tokens: QuerySet[AccessToken] = AccessToken.objects.order_by(
        "application__name", "-created", "-pk"
    ).select_related("application", "use")
    return tokens if name is None else tokens.filter(application__name=name)


@transaction.atomic
def revoke(tokens: QuerySet[AccessToken]) -> int:
    """Revoke all of these or none, and return how many; they are refused at once."""
    found = [*tokens]
    for token in found:
        revoke_access_token(token)
    return len(found)


def _application(name: str) -> Application:
    """Return the application of this name, made where there is none.

    Must run in a transaction.
    """
    check_name(name)
    hold_name(name)
    # Those with a client secret are left to fetch their tokens themselves.
    static = Application.objects.filter(name=name, client_credentials=None)
    return static.order_by("pk").first() or Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
