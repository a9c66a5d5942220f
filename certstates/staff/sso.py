"""Staff sign in at an identity provider: OpenID Connect, by mozilla-django-oidc.

That verifies signature, expiry and nonce. What it leaves open is checked here: who
issued a token, and for whom (OpenID Connect Core 1.0, 3.1.3.7). What it would ask the
provider is asked here: it would follow redirects, and take the client's secret along.
"""

from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings
from requests.auth import HTTPBasicAuth

from certstates.models.identities import SUBJECT_LENGTH
from certstates.staff import accounts
from certstates.staff.accounts import Claims
from certstates.staff.provider import provider
from certstates.staff.refusals import (
    AccountClosed,
    NoGroup,
    NotVerified,
    ProviderSilent,
)

# What mozilla-django-oidc calls settings, and the provider says itself.
FOUND_OUT = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}
# What it raises on tokens and keys of another shape than it expects.
ODD = (AttributeError, KeyError, TypeError, ValueError)
MISSHAPEN = (SuspiciousOperation, jwt.PyJWTError, *ODD)


def setting(name: str, *default: Any) -> Any:
    if name in FOUND_OUT:
        return getattr(provider(), FOUND_OUT[name])
    return import_from_settings(name, *default)


class SingleSignOn(OIDCAuthenticationBackend):  # type: ignore[misc] # it has no types
    """Lets in who is in a mapped group, to the account that is theirs."""

    get_settings = staticmethod(setting)

    def __init__(self) -> None:
        """Ask the provider nothing: Django makes one whenever it reads a session."""
        self.UserModel = get_user_model()

    def authenticate(
        self, request: HttpRequest | None, *, nonce: str, code_verifier: str
    ) -> Any:
        """Return the account of who comes back from the provider.

        Only the callback has a nonce: the form of passwords does not get this far,
        whatever code and state its address claims.
        """
        if not nonce or not code_verifier:
            raise NotVerified("it was begun without a nonce or a verifier")
        try:
            super().__init__()
            return super().authenticate(
                request, nonce=nonce, code_verifier=code_verifier
            )
        except requests.RequestException as error:
            raise ProviderSilent(type(error).__name__) from None

    def get_user(self, user_id: int) -> Any:
        """Return the account of a session, unless it was closed meanwhile."""
        return ModelBackend.get_user(self, user_id)

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_staff)

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """Return the tokens for a code; no redirect takes the secret elsewhere."""
        auth = None
        if provider().wants_basic:
            auth = HTTPBasicAuth(payload["client_id"], payload.pop("client_secret"))
        response = requests.post(
            provider().token_endpoint,
            data=payload,
            auth=auth,
            verify=settings.OIDC_VERIFY_SSL,
            timeout=settings.OIDC_TIMEOUT,
            allow_redirects=False,
        )
        self.raise_token_response_error(response)
        answer = response.json()
        if not isinstance(answer, dict):
            raise NotVerified("the token endpoint answered something else")
        return answer

    def raise_token_response_error(self, response: requests.Response) -> None:
        """Keep to the status: the provider's words may repeat what it was sent."""
        status = response.status_code
        if status >= 500:
            raise ProviderSilent(f"the token endpoint answered {status}")
        if status != 200:
            raise NotVerified(f"the token endpoint answered {status}")

    def verify_token(self, token: str, **kwargs: Any) -> Claims:
        try:
            claims: Claims = super().verify_token(token, **kwargs)
        except MISSHAPEN as error:
            reason = f"the ID token is not valid ({type(error).__name__})"
            raise NotVerified(reason) from None
        check_claims(claims)
        return claims

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """Return the provider's key that a token names."""
        header = jwt.get_unverified_header(token)
        kid, algorithm = header["kid"], header["alg"]
        for key in reversed(fetched(provider().jwks_uri).json()["keys"]):
            if key["kid"] == kid and key.get("alg", algorithm) == algorithm:
                return jwt.PyJWK(key)
        raise SuspiciousOperation("no key of the provider fits")

    def get_userinfo(self, access_token: str, id_token: str, payload: Claims) -> Claims:
        """Return the claims; where groups or a name are missing, they are asked for.

        OpenID Connect Core 1.0, section 5.3.2: only with the same subject.
        """
        wanted = {settings.STAFF_OIDC_GROUPS_CLAIM, "preferred_username"}
        if wanted <= payload.keys() or not provider().userinfo_endpoint:
            return payload
        answer = fetched(provider().userinfo_endpoint, bearer=access_token)
        signed = answer.headers.get("Content-Type", "").startswith("application/jwt")
        more = self.verify_token(answer.text) if signed else answer.json()
        if not isinstance(more, dict) or more.get("sub") != payload["sub"]:
            raise NotVerified("the user information is somebody else's")
        return {**more, **payload}

    def verify_claims(self, claims: Claims) -> bool:
        if accounts.groups_of(claims):
            return True
        for user in accounts.accounts_of(claims):
            accounts.shut_out(user)
        raise NoGroup("no group of the mapping was named")

    def filter_users_by_claims(self, claims: Claims) -> list[User]:
        return accounts.accounts_of(claims)

    def create_user(self, claims: Claims) -> User:
        """Open an account; another window may have done it, or taken the name."""
        try:
            return accounts.open_account(claims)
        except IntegrityError:
            for user in accounts.accounts_of(claims):
                return self.update_user(user, claims)
            return accounts.open_account(claims)

    def update_user(self, user: User, claims: Claims) -> User:
        if not self.user_can_authenticate(user):
            raise AccountClosed(f"the account {user.pk} is not active, or not staff")
        accounts.renew(user, claims)
        return user


def fetched(url: str, *, bearer: str = "") -> requests.Response:
    """Return what the provider has at an address of its own; a redirect is nothing."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    response = requests.get(
        url,
        headers=headers,
        verify=settings.OIDC_VERIFY_SSL,
        timeout=settings.OIDC_TIMEOUT,
        allow_redirects=False,
    )
    if response.status_code != 200:
        raise ProviderSilent(f"one of its addresses answered {response.status_code}")
    return response


def check_claims(claims: Claims) -> None:
    """Refuse a token of another issuer, for another client, or without an end."""
    audience, client = claims.get("aud"), settings.OIDC_RP_CLIENT_ID
    audiences = audience if isinstance(audience, list) else [audience]
    presenter = claims.get("azp", client if len(audiences) == 1 else None)
    subject = claims.get("sub")
    rules = {
        "iss": claims.get("iss") == settings.STAFF_OIDC_ISSUER,
        "aud": client in audiences,
        "azp": presenter == client,
        "exp": "exp" in claims,  # where it is, it was found to lie ahead
        "iat": "iat" in claims,
        "sub": isinstance(subject, str) and is_subject(subject),
    }
    if broken := [name for name, is_right in rules.items() if not is_right]:
        raise NotVerified(f"the ID token has another {', '.join(broken)}")


def is_subject(value: str) -> bool:
    return value.isascii() and value.isprintable() and 0 < len(value) <= SUBJECT_LENGTH
