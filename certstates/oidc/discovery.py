"""What an identity provider says of itself: OpenID Connect Discovery 1.0, section 4."""

from typing import Any

from certstates.oidc.fetching import Unreadable, fetch_json


def address_of(issuer: str) -> str:
    """Return where the document of an issuer is."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def document_of(issuer: str, *, deadline: float) -> dict[str, Any]:
    """Return the document, which must be this very issuer's; or raise ``Unreadable``.

    ``deadline`` is a time of ``time.monotonic()``.
    """
    found = fetch_json(address_of(issuer), deadline=deadline)
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise Unreadable("the discovery document is not this issuer's")
    return found
