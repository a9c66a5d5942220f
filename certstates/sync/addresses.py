"""Where a page may be asked for: on the origin that was named, and nowhere else."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from certstates.addresses import COLLECTION
from certstates.sync.refusals import SyncRefused

# Printable ASCII without the backslash, which some take for a slash.
ADDRESS = re.compile(r"https?://[!-\[\]-~]+", re.ASCII | re.IGNORECASE)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PORTS = {"http": 80, "https": 443}
LONGEST = 16_384


def origin_of(url: str) -> str:
    """Return scheme, host and port as the one who connects will read them.

    Raises SyncRefused for what is no such address, or names a user.
    """
    if not ADDRESS.fullmatch(url) or len(url) > LONGEST:
        raise SyncRefused("It is no http address.")
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise SyncRefused("It is no http address.") from None
    if parts.auth or not parts.host or parts.scheme not in PORTS:
        raise SyncRefused("It is no http address of a host alone.")
    port = parts.port or PORTS[parts.scheme]
    return f"{parts.scheme}://{parts.host.lower()}:{port}"


def base_of(url: str) -> str:
    """Return an address to begin with, spelled in one way: it names a source.

    Raises SyncRefused where a token would travel in the open.
    """
    url = url.strip().rstrip("/")
    try:
        origin, _, port = origin_of(url).rpartition(":")
    except SyncRefused:
        raise SyncRefused(
            "--base-url must be an address such as https://graph.microsoft.com/beta, "
            "without user, query or fragment."
        ) from None
    if "?" in url or "#" in url:
        raise SyncRefused("--base-url must have no query and no fragment.")
    scheme, _, host = origin.partition("://")
    if scheme == "http" and host not in LOOPBACK:
        raise SyncRefused(
            "--base-url must be https: the token must not be read on the way. (http "
            "is for this machine only.)"
        )
    if int(port) != PORTS[scheme]:
        origin = f"{origin}:{port}"
    return origin + (parse_url(url).path or "").rstrip("/")


def proxies() -> dict[str, str]:
    """Return a proxy for http: none, or the environment's would read the token.

    http is for this machine. Proxies for https are what requests adds by itself.
    """
    return {"http": ""}


def scope_of(base_url: str) -> str:
    """Return what a token is asked for: all that the application may do there."""
    parts = parse_url(base_url)
    return f"{parts.scheme}://{parts.netloc}/.default"


def first_page(base_url: str, *, condition: str, page_size: int) -> str:
    query = {"$count": "true"}
    if page_size:
        query["$top"] = str(page_size)
    if condition:
        query["$filter"] = condition
    return f"{base_url}/{COLLECTION}?{urlencode(query, safe='$', quote_via=quote)}"


def next_page(url: str, link: object) -> str:
    """Return where the link of the page at ``url`` leads.

    Raises SyncRefused for another origin: the token is not for it.
    """
    if not isinstance(link, str) or not link.strip():
        raise SyncRefused("The page's @odata.nextLink is no address.")
    try:
        joined = urljoin(url, link)
        origin = origin_of(joined)
    except (SyncRefused, ValueError):
        raise SyncRefused("The page's @odata.nextLink is no http address.") from None
    if origin != origin_of(url):
        raise SyncRefused(
            f"The page's @odata.nextLink leads to {origin[:200]}, and not to "
            f"{origin_of(url)}. The token was not sent there."
        )
    return joined
