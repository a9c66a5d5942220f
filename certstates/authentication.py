"""Bearer tokens (RFC 6750), found by their SHA-256 in django-oauth-toolkit's table."""

import hashlib
import re

from oauth2_provider.models import AbstractApplication, AccessToken
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from certstates.history import by

# token68 of RFC 9110; what is longer than this is no token of this server.
BEARER = re.compile(r"Bearer +([A-Za-z0-9\-._~+/]{1,4096}=*)", re.ASCII | re.IGNORECASE)

REFUSED = "The access token is malformed, unknown, expired or revoked."


class BearerAuthentication(BaseAuthentication):
    """``request.user`` is the application that the token was made for, ``request.auth``
    the access token.

    The same words answer a token that is unknown, expired or revoked. What cannot be a
    token is refused without asking the database.
    """

    def authenticate(
        self, request: Request
    ) -> tuple[AbstractApplication | None, AccessToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        match = BEARER.fullmatch(header.strip())
        if not match:
            raise AuthenticationFailed(REFUSED)
        token = self._find(match[1])
        if token is None or token.is_expired():
            raise AuthenticationFailed(REFUSED)
        by(token.application.name)
        return token.application, token

    def authenticate_header(self, request: Request) -> str:
        challenge = 'Bearer realm="certstates"'
        if "HTTP_AUTHORIZATION" in request.META:
            challenge += ', error="invalid_token"'
        return challenge

    @staticmethod
    def _find(raw: str) -> AccessToken | None:
        checksum = hashlib.sha256(raw.encode()).hexdigest()
        tokens = AccessToken.objects.select_related("application")
        return tokens.filter(token_checksum=checksum).first()
