"""From a signed token (RFC 7519) to its claims, by PyJWT, with nothing left to trust.

What can be refused without a key is refused first, so that no such token makes this
server ask the provider for its keys. Sources: RFC 8725 (best current practices), RFC
9068 (access tokens).
"""

import re
from typing import Any

import jwt
from jwt.types import Options

from certstates.callers import Caller
from certstates.logs import note
from certstates.oidc.claims import Claims, Refused, caller_from
from certstates.oidc.configuration import Provider, provider
from certstates.oidc.keys import keys_at
from certstates.oidc.strict_json import object_in

FORM = re.compile(r"([\w-]{1,4096})\.([\w-]{1,16384})\.([\w-]{1,2048})", re.ASCII)
LONGEST_KEY_ID = 256
TYPES = {"jwt", "at+jwt", "application/at+jwt", "application/jwt"}
TIMES = ("exp", "nbf", "iat")
END_OF_TIME = 253_402_300_800  # the year 10000
# Only an ID token, or a message about a session, has these.
OF_OTHER_TOKENS = {"at_hash", "c_hash", "s_hash", "events"}
OTHER_TYPES = {"id", "refresh", "offline", "logout"}  # Keycloak says it in the claims
CHECKED: Options = {
    "require": ["exp", "iss", "aud"],
    "verify_exp": True,
    "verify_nbf": True,
    "verify_iat": True,
    "verify_aud": True,
    "verify_iss": True,
    "enforce_minimum_key_length": True,
}


def caller_of(raw: str) -> Caller | None:
    """Return whose token this is, or nothing for one that is not, or no longer, valid.

    Why, the log's line of the request says, and no line more. Raise
    ``ServiceUnavailable`` where that cannot be known without the provider.
    """
    accepted = provider()
    if accepted is None:
        return None
    try:
        return caller_from(_verified(raw, accepted), accepted)
    except Refused as reason:
        note(token_refused=str(reason))
        return None


def _verified(raw: str, accepted: Provider) -> Claims:
    header = _header(raw, accepted)
    _decode(raw, accepted, key=None)
    key = keys_at(accepted.key_address).find(header.get("kid"), header["alg"])
    if key is None:
        raise Refused("No key of the provider fits.")
    return _decode(raw, accepted, key=key)


def _header(raw: str, accepted: Provider) -> dict[str, Any]:
    """Return the header of a token that may be worth a signature check.

    Of it only ``alg`` and ``kid`` are ever used: where a key is, the settings say.
    """
    parts = FORM.fullmatch(raw)
    header = object_in(parts[1]) if parts else None
    claims = object_in(parts[2]) if parts else None
    if header is None or claims is None:
        raise Refused("It is no JWS of two JSON objects.")
    if not isinstance(header.get("alg"), str) or (
        header["alg"] not in accepted.algorithms
    ):
        raise Refused("Its algorithm is not accepted.")
    if "crit" in header or "b64" in header:
        raise Refused("It has extensions that are not understood.")
    if str(header.get("typ", "JWT")).lower() not in TYPES:
        raise Refused("It is not of the type JWT.")
    if "kid" in header and not _is_key_id(header["kid"]):
        raise Refused("Its key id is none.")
    _refuse_odd_claims(claims)
    return header


def _refuse_odd_claims(claims: Claims) -> None:
    """Refuse what PyJWT would take for a time, and what is another kind of token."""
    for name in TIMES:
        if name in claims and not _is_time(claims[name]):
            raise Refused(f"Its {name} is no time.")
    is_other = str(claims.get("typ")).lower() in OTHER_TYPES
    if is_other or OF_OTHER_TOKENS & claims.keys():
        raise Refused("It is no access token.")


def _is_key_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_KEY_ID


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < END_OF_TIME  # which NaN is not, nor infinity


def _decode(raw: str, accepted: Provider, *, key: jwt.PyJWK | None) -> Claims:
    """Return the claims after all checks, or without a key after all but one."""
    options: Options = {**CHECKED, "verify_signature": key is not None}
    try:
        return jwt.decode(
            raw,
            key or "",
            algorithms=accepted.algorithms,
            options=options,
            audience=accepted.audiences,
            issuer=accepted.issuers,
            leeway=accepted.leeway,
        )
    except jwt.PyJWTError as error:
        # Its words may repeat the token's.
        raise Refused(type(error).__name__) from None
