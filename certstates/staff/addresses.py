"""Where a request comes from, as far as that can be believed.

Behind a proxy the connection's address is the proxy's own, and ``X-Forwarded-For`` has
what each hop has seen: the entries at its end were appended by the proxies that are
trusted, and all before them by anybody who liked to.
"""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

# Stands for every address that cannot be read, so that all of them are one client.
UNKNOWN = "0.0.0.0"  # noqa: S104 # nosec B104 # nothing is bound to it

# An address may have a port; with one, IPv6 stands in brackets.
WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+", re.ASCII)
# Who has one address of IPv6 has as many as they like below these bits.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return whom to hold responsible: an IPv4 address, or an IPv6 network's first."""
    for claim in (forwarded(request), request.META.get("REMOTE_ADDR", "")):
        if address := normalised(claim):
            return address
    return UNKNOWN


def forwarded(request: HttpRequest) -> str:
    """Return what the outermost trusted proxy has seen, or nothing."""
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted: list[str] = entries[-settings.TRUSTED_PROXIES :]
    return trusted[0] if settings.TRUSTED_PROXIES else ""


def normalised(text: str) -> str:
    """Return one spelling for each client, or nothing for what is no address."""
    text = text.strip()
    if found := WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.is_loopback:
        return str(address)
    network = ipaddress.ip_network((address, IPV6_PREFIX), strict=False)
    first = network.network_address
    return "" if first.is_unspecified else str(first)
