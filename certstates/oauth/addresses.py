"""Where Microsoft's libraries look for a token endpoint and for what describes it."""

import re

from django.http import HttpRequest

from certstates.addresses import any_case, public_url

# A tenant is a GUID, a domain or a word such as common; all of them are this server.
# Below the other words are pages, whose answers have other headers.
TENANT = r"(?:(?!(?:admin|docs|static)/)(?P<tenant>[A-Za-z0-9._-]{1,128})/)?"
TOKEN = "oauth2/v2.0/token"  # noqa: S105 -- an address
AUTHORIZE = "oauth2/v2.0/authorize"
KEYS = "discovery/v2.0/keys"
CONFIGURATION = ".well-known/openid-configuration"


def pattern(path: str) -> str:
    """Return the pattern of a path behind any tenant or none, in any case."""
    return rf"^{TENANT}{any_case(re.escape(path))}/?\Z"


PATTERNS = {
    "token": pattern(TOKEN),
    "authorize": pattern(AUTHORIZE),
    "keys": pattern(KEYS),
    "configuration": pattern(f"v2.0/{CONFIGURATION}"),
    "plain_configuration": pattern(CONFIGURATION),
}
ANY = re.compile("|".join(p.replace("?P<tenant>", "?:") for p in PATTERNS.values()))


def is_oauth(request: HttpRequest) -> bool:
    return bool(ANY.match(request.path_info.removeprefix("/")))


def base_of(request: HttpRequest, tenant: str | None) -> str:
    """Return what all addresses of a tenant begin with."""
    return public_url(request) + (f"{tenant}/" if tenant else "")
