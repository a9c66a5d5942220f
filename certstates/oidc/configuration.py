"""Which identity provider's tokens are accepted: the settings ``OIDC_…``."""

from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

ENTRA = "https://login.microsoftonline.com"


class KeyAddress(NamedTuple):
    """Where keys are: at ``jwks``, or where the issuer's discovery document says."""

    issuer: str
    jwks: str


@dataclass(frozen=True)
class Provider:
    """An identity provider, and what its tokens must be like."""

    issuers: tuple[str, ...]  # the first one names the provider
    key_address: KeyAddress
    audiences: list[str]
    algorithms: list[str]
    scopes: dict[str, str]  # of claim values in lower case; empty: each means itself
    leeway: int
    client_claims: tuple[str, ...]  # one of them must be there

    @property
    def issuer(self) -> str:
        return self.issuers[0]


def provider() -> Provider | None:
    """Return the provider of the settings, or nothing where none is named."""
    if settings.OIDC_TENANT:
        return _entra(settings.OIDC_TENANT)
    if settings.OIDC_ISSUER:
        return _provider(
            (settings.OIDC_ISSUER,),
            KeyAddress(settings.OIDC_ISSUER, settings.OIDC_JWKS_URL),
            client_claims=("azp", "appid", "client_id", "cid", "sub"),
        )
    return None


def _entra(tenant: str) -> Provider:
    """Return a tenant of Entra ID.

    Which version a token has, its audience decides (``accessTokenAcceptedVersion`` of
    the API's registration); both are signed with the same keys. Access tokens name
    their client in either version; ID tokens do not, and so are refused.
    """
    issuers = (f"{ENTRA}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/")
    jwks = settings.OIDC_JWKS_URL or f"{ENTRA}/{tenant}/discovery/v2.0/keys"
    address = KeyAddress(issuers[0], jwks)
    return _provider(issuers, address, client_claims=("azp", "appid"))


def _provider(
    issuers: tuple[str, ...], address: KeyAddress, *, client_claims: tuple[str, ...]
) -> Provider:
    return Provider(
        issuers=issuers,
        key_address=address,
        audiences=settings.OIDC_AUDIENCE,
        algorithms=settings.OIDC_ALGORITHMS,
        scopes=settings.OIDC_SCOPES,
        leeway=settings.OIDC_LEEWAY,
        client_claims=client_claims,
    )
