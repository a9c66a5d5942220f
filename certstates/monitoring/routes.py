"""What a request's address is called in a metric: a template, and never what was asked.

An address holds names of devices, and anybody can invent as many as they like.
"""

import functools

from django.http import HttpRequest
from django.urls import resolve

from certstates.addresses import COLLECTION, ROOTS, SINGLETON, any_case

RECORD = f"{COLLECTION}/{{id}}"
# Below each service root: the label, and an address that leads to its route.
BELOW_A_ROOT = (
    ("", ""),
    ("$metadata", "$metadata"),
    ("$batch", "$batch"),
    (SINGLETON, SINGLETON),
    (COLLECTION, COLLECTION),
    (f"{COLLECTION}/$count", f"{COLLECTION}/$count"),
    (f"{COLLECTION}/delta()", f"{COLLECTION}/delta"),
    (f"{COLLECTION}/{{segment}}", f"{COLLECTION}/$ref"),
    *(
        (f"{RECORD}{label}", f"{COLLECTION}{key}{path}")
        for key in ("/a", "('a')")
        for label, path in (
            ("", ""),
            ("/{property}", "/id"),
            ("/{property}/$value", "/id/$value"),
        )
    ),
)
ELSEWHERE = (
    *(("", root.rstrip("/")) for root in ROOTS),
    *(
        (path, path)
        for path in (
            "oauth2/v2.0/token",
            "oauth2/v2.0/authorize",
            "discovery/v2.0/keys",
            ".well-known/openid-configuration",
            "v2.0/.well-known/openid-configuration",
        )
    ),
)
ADMIN = "admin"
STATIC = "static"
BENCH = f"^{any_case('testbench')}"
UNKNOWN = "unknown"  # no route has this form
REFUSED = "refused"  # before a route was looked for


@functools.cache
def labels() -> dict[str, str]:
    """Return what the routes are called that are regular expressions."""
    samples = [(label, root + path) for root in ROOTS for label, path in BELOW_A_ROOT]
    found = {resolve(f"/{path}").route: f"/{label}" for label, path in samples}
    for label, path in ELSEWHERE:
        found[resolve(f"/{path}").route] = f"/{label}"
    return found


def label_of(request: HttpRequest) -> str:
    """Return one of a small number of words, whatever was asked."""
    match = request.resolver_match
    if match is None:
        return STATIC if request.path_info.startswith("/static/") else REFUSED
    if match.route.startswith("admin"):
        return ADMIN
    if not match.route:  # the first page's, and that of whatever has no other
        return "/" if request.path_info == "/" else UNKNOWN
    if match.route.startswith(BENCH):  # its routes are there with it only
        return "/testbench"
    return labels().get(match.route) or f"/{match.route}"
