"""Bearer tokens (RFC 6750): those made here, and those of an identity provider."""

import re

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from certstates import logs, tokens
from certstates.callers import Caller
from certstates.history import by
from certstates.oidc import verification

# token68 of RFC 9110; what is longer than this is no token for this server. Entra's
# largest, with 200 groups, has some 13,000 characters.
BEARER = re.compile(
    r"Bearer +([A-Za-z0-9\-._~+/]{1,16384}=*)", re.ASCII | re.IGNORECASE
)
BEARER_SCHEME = re.compile(r"\s*(Bearer\b.*)?\Z", re.IGNORECASE | re.DOTALL)

ANOTHER_SCHEME = "The header must be Authorization: Bearer, and then an access token."
REFUSED = "The access token is malformed, unknown, expired or revoked."


class BearerAuthentication(BaseAuthentication):
    """``request.user`` and ``request.auth`` are the ``Caller``.

    The same words answer a token that is unknown, expired or revoked. What cannot be a
    token is refused without asking the database.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        if not BEARER_SCHEME.match(header):
            raise AuthenticationFailed(ANOTHER_SCHEME)
        match = BEARER.fullmatch(header.strip())
        caller = self._caller(match[1]) if match else None
        if caller is None:
            raise AuthenticationFailed(REFUSED)
        by(caller.name)
        logs.note(caller=caller.name)
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        challenge = 'Bearer realm="certstates"'
        if "HTTP_AUTHORIZATION" in request.META:
            challenge += ', error="invalid_token"'
        return challenge

    @staticmethod
    def _caller(raw: str) -> Caller | None:
        """Return whose token it is. One with a dot is signed, and in no database."""
        if "." in raw:
            return verification.caller_of(raw)
        return tokens.caller_of(raw)
