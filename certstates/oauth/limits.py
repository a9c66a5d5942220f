"""How often tokens may be asked for: as often as records may be written.

Guessing a secret of 256 bits is hopeless at any speed; asking still costs work, and
each token is a row. An address has a limit of its own, so that whoever invents client
ids gets no further; nobody can use up what a client has at another address.
"""

from django.conf import settings
from django.http import HttpRequest
from oauthlib.oauth2 import OAuth2Error

from certstates.staff.addresses import client_address
from certstates.throttling import Rate, admit


class TooManyRequests(OAuth2Error):  # type: ignore[misc] # oauthlib has no types
    """A limit is reached; ``retry_after`` is in seconds, and nothing was done."""

    error = "temporarily_unavailable"
    status_code = 429

    def __init__(self, description: str, *, retry_after: int) -> None:
        super().__init__(description)
        self.retry_after = retry_after


def count(request: HttpRequest, client_id: str) -> None:
    """Count one question for a token, or raise TooManyRequests."""
    if not settings.THROTTLE:
        return
    address = client_address(request)
    refused = admit(
        Rate(
            f"tokens of {client_id} to {address}",
            settings.THROTTLE_APP_WRITES,
            "token requests of this client from one address",
        ),
        Rate(
            f"tokens to {address}",
            settings.THROTTLE_TENANT_WRITES,
            "token requests from one address",
        ),
    )
    if refused:
        raise TooManyRequests(refused.words, retry_after=refused.retry_after)
