"""The identity provider of staff: what it says about itself.

Source: OpenID Connect Discovery 1.0, section 4.
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from certstates.staff.refusals import ProviderSilent

LIFETIME = 60 * 60  # seconds; addresses of a provider hardly ever change
DOCUMENT = "/.well-known/openid-configuration"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
        found = read(issuer, document_of(issuer))
    except ProviderSilent:
        if not known:
            raise
        found = known
    _known[issuer] = time.monotonic(), found
    return found


def document_of(issuer: str) -> dict[str, Any]:
    try:
        response = requests.get(
            issuer.rstrip("/") + DOCUMENT,
            timeout=settings.OIDC_TIMEOUT,
            allow_redirects=False,
        )
        document = response.json() if response.status_code == 200 else None
    except requests.RequestException as error:
        reason = f"the discovery document cannot be had ({type(error).__name__})"
        raise ProviderSilent(reason) from None
    if not isinstance(document, dict):
        raise ProviderSilent(f"no discovery document ({response.status_code})")
    return document


def read(issuer: str, document: dict[str, Any]) -> Provider:
    """Return the provider that a document describes, if it is the one that is meant."""
    if document.get("issuer") != issuer:
        raise ProviderSilent("the discovery document is another issuer's")
    how = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
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
    parts = urlsplit(value if isinstance(value, str) else "")
    if parts.scheme == "https" and parts.hostname:
        return str(value)
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return str(value)
    raise ProviderSilent(f"the discovery document has no safe {name}")
