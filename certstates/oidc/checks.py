"""System checks: settings that would let in too many, or nobody."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Advice

from certstates.oidc.configuration import provider

# Tokens for these are given to whoever asks, for other ends.
OF_EVERYBODY = {
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    "00000003-0000-0000-c000-000000000000",  # Microsoft Graph
    "00000002-0000-0000-c000-000000000000",  # its predecessor
    "account",  # Keycloak's own pages
}
MOST_LEEWAY = 300

NO_PROVIDER = Advice(
    "OIDC_AUDIENCE, OIDC_JWKS_URL or OIDC_SCOPES is set, but no identity provider is.",
    hint="Set OIDC_TENANT or OIDC_ISSUER too: until then no signed token is accepted.",
    id="certstates.W011",
)
AUDIENCE_OF_EVERYBODY = Advice(
    "OIDC_AUDIENCE names something else than this API.",
    hint="Register this API with the provider and use its own identifier: tokens for "
    "Microsoft Graph cannot be checked here, and tokens for the provider itself are "
    "given to every application.",
    id="certstates.W012",
)
LONG_LEEWAY = Advice(
    f"OIDC_LEEWAY is more than {MOST_LEEWAY} seconds.",
    hint="Tokens are accepted that long after they expired; set the clocks instead.",
    id="certstates.W013",
)
PLAIN_HTTP = Advice(
    "The identity provider's keys are read by plain http.",
    hint="That is for tests: any account on this machine could pose as the provider. "
    "Use an https address in OIDC_ISSUER and OIDC_JWKS_URL.",
    id="certstates.W014",
)


@register(Tags.security)
def check_identity_provider(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    accepted = provider()
    if accepted is None:
        given = settings.OIDC_AUDIENCE, settings.OIDC_JWKS_URL, settings.OIDC_SCOPES
        return [NO_PROVIDER] if any(given) else []
    found: list[CheckMessage] = []
    if {*accepted.audiences} & {*accepted.issuers, *OF_EVERYBODY}:
        found.append(AUDIENCE_OF_EVERYBODY)
    if accepted.leeway > MOST_LEEWAY:
        found.append(LONG_LEEWAY)
    return found


@register(Tags.security, deploy=True)
def check_transport_of_keys(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    accepted = provider()
    addresses = accepted.key_address if accepted else ()
    return [PLAIN_HTTP] if any(a.startswith("http:") for a in addresses) else []
