"""What a verified token says: which client calls, and what it may do."""

import hashlib
from typing import Any

from certstates.callers import Caller, scopes_of
from certstates.oidc.configuration import Provider

Claims = dict[str, Any]

LONGEST_NAME = 255
NAMES = ("app_displayname", "preferred_username", "upn")
# The first that is there counts alone: where a user signed in, ``roles`` are the
# user's, and the client may do no more than its ``scp``.
GRANTS = ("scp", "scope", "roles")


class Refused(Exception):
    """A token that is none for this server; the words are for the log."""


def caller_from(claims: Claims, provider: Provider) -> Caller:
    client = _first(claims, provider.client_claims)
    if not client:
        raise Refused("It names no client.")
    names = (_printable(_first(claims, [name])) for name in NAMES)
    name = next(filter(None, names), _printable(client))
    return Caller(_key(provider, client), name, _scopes(claims, provider))


def _key(provider: Provider, client: str) -> str:
    """Return the same for every token of one client, whichever version it has."""
    text = f"{provider.issuer}|{client}"
    return f"oidc:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def _scopes(claims: Claims, provider: Provider) -> frozenset[str]:
    values = next((_words(claims[name]) for name in GRANTS if name in claims), [])
    if provider.scopes:
        values = [provider.scopes.get(value.lower(), "") for value in values]
    return scopes_of(" ".join(values))


def _words(value: Any) -> list[str]:
    """Return the values of a list, or of a text that is separated by spaces."""
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        # What has a space in it is one value, not two scopes.
        return [v for v in value if isinstance(v, str) and len(v.split()) == 1]
    return []


def _first(claims: Claims, names: tuple[str, ...] | list[str]) -> str:
    values = (claims.get(name) for name in names)
    return next((v for v in values if isinstance(v, str) and v), "")


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text)).strip()[:LONGEST_NAME]
