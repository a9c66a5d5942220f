"""Who asks for a token, what it may do, and how it is kept."""

import re
from typing import Any

from django.utils import timezone
from oauth2_provider.models import AccessToken, Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import InvalidClientError

from certstates import logs
from certstates.models import ClientCredentials, Scope, new_secret
from certstates.oauth.hashers import ClientSecretHasher
from certstates.oauth.scopes import NotHeld, granted
from certstates.tokens import new_token

HASHER = ClientSecretHasher()
# Compared with, where there is no such client or it has no secret that could be known.
NOBODYS = HASHER.encode(new_secret(), HASHER.salt())
CLIENT_ID = re.compile(r"[!-~]{1,255}", re.ASCII)
MOST_PURGED = 100


def access_token(request: Any) -> str:
    """Return a new token (the setting ACCESS_TOKEN_GENERATOR)."""
    return new_token()


class ClientCredentialsValidator(OAuth2Validator):  # type: ignore[misc] # no types
    """What django-oauth-toolkit asks, answered for client credentials alone."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Return whether the secret is the client's.

        Who does not exist is refused after the same work as who has another secret.
        """
        client = find_client(request.client_id or "")
        is_ours = client and client.client_secret.startswith(f"{HASHER.algorithm}$")
        known = client.client_secret if client and is_ours else NOBODYS
        if client:
            logs.note(client=client.name)  # and not what a stranger calls it
        if not HASHER.verify(request.client_secret or "", known):
            return False
        request.client = client
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any
    ) -> bool:
        """Return whether the application is one that may ask by itself."""
        return (
            hasattr(client, "client_credentials")
            and client.client_type == Application.CLIENT_CONFIDENTIAL
            and super().validate_grant_type(client_id, grant_type, client, request)
        )

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any
    ) -> bool:
        """Put what is granted in the place of what was asked for, or return False."""
        own = Scope(client.client_credentials.scope)
        try:
            request.scopes = granted(scopes, own)
        except NotHeld:
            return False
        return True

    def get_default_scopes(self, client_id: str, request: Any, *args: Any) -> list[str]:
        return [request.client.client_credentials.scope]

    def _save_bearer_token(
        self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Keep the token's checksum, if the client is what it was a moment ago."""
        judged_by = request.client.client_credentials
        try:
            now = ClientCredentials.locked(judged_by.pk)
        except ClientCredentials.DoesNotExist:
            raise InvalidClientError from None
        if (now.scope, now.secret_created) != (
            judged_by.scope,
            judged_by.secret_created,
        ):
            raise InvalidClientError
        super()._save_bearer_token(token, request, *args, **kwargs)
        purge(judged_by)


def find_client(client_id: str) -> Any:
    """Return the application, or None; what cannot be an id is not looked up."""
    if not CLIENT_ID.fullmatch(client_id):
        return None
    known = Application.objects.select_related("client_credentials")
    return known.filter(client_id=client_id).first()


def purge(client: ClientCredentials) -> None:
    """Delete expired tokens, more of them than are issued meanwhile.

    So a client keeps the rows of one lifetime, and needs no timer that deletes them.
    """
    expired = client.tokens.filter(expires__lte=timezone.now())
    if some := [*expired.values_list("pk", flat=True)[:MOST_PURGED]]:
        AccessToken.objects.filter(pk__in=some).delete()
