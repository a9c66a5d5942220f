"""Browsers in which somebody has signed in before.

A signed cookie says whose. There, wrong passwords are counted apart from those of the
rest of the world: a stranger's attempts cannot keep a colleague out.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

SECONDS = 90 * 24 * 60 * 60  # since the last sign-in there
SIGNER = "certstates.staff.devices"


def known_device(request: HttpRequest, name: str) -> str:
    """Return what the browser is called if this person signed in there, or nothing."""
    signed = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        text = TimestampSigner(salt=SIGNER).unsign(signed, max_age=SECONDS)
    except BadSignature:
        return ""
    whose, _, device = text.partition(".")
    return device if whose == name else ""


def remember_device(response: HttpResponseBase, name: str) -> None:
    """Have the browser say from now on that this person signed in there."""
    text = f"{name}.{secrets.token_urlsafe(16)}"
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        TimestampSigner(salt=SIGNER).sign(text),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
