"""The identity provider of staff: its addresses, as it tells them itself."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from certstates.oidc.discovery import document_of
from certstates.oidc.fetching import TRUSTED, Unreadable
from certstates.staff.refusals import ProviderSilent

LIFETIME = 60 * 60  # seconds; addresses of a provider hardly ever change


@dataclass(frozen=True)
class Provider:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    wants_basic: bool  # takes the client's secret in no other way


_known: dict[str, tuple[float, Provider]] = {}


def provider() -> Provider:
    """Return the provider; when it is silent, as it was last known."""
    issuer = settings.STAFF_OIDC_ISSUER
    asked, known = _known.get(issuer, (0.0, None))
    if known and time.monotonic() - asked < LIFETIME:
        return known
    try:
        found = asked_now(issuer)
    except ProviderSilent:
        if not known:
            raise
        found = known
    _known[issuer] = time.monotonic(), found
    return found


def asked_now(issuer: str) -> Provider:
    try:
        deadline = time.monotonic() + settings.OIDC_TIMEOUT
        document = document_of(issuer, deadline=deadline)
    except Unreadable as error:
        raise ProviderSilent(f"no discovery document: {error}") from None
    how = document.get("token_endpoint_auth_methods_supported") or []
    return Provider(
        authorization_endpoint=address(document, "authorization_endpoint"),
        token_endpoint=address(document, "token_endpoint"),
        jwks_uri=address(document, "jwks_uri"),
        userinfo_endpoint=(
            address(document, "userinfo_endpoint")
            if "userinfo_endpoint" in document
            else ""
        ),
        wants_basic="client_secret_post" not in how,
    )


def address(document: dict[str, Any], name: str) -> str:
    """Return an address by https, or on this machine."""
    value = document.get(name)
    if not isinstance(value, str) or not TRUSTED.fullmatch(value):
        raise ProviderSilent(f"the discovery document has no safe {name}")
    return value
