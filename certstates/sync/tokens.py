"""Tokens: ready ones, and those that msal fetches with client credentials.

No sentence of these holds a token or a secret.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msal
import requests
from django.conf import settings

from certstates.errors import shown
from certstates.sync.addresses import proxies
from certstates.sync.refusals import SyncRefused, TryAgain

# What a header can carry, RFC 6750, section 2.1.
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
LONGEST = 32_768
TIMEOUT = 30


class Tokens(ABC):
    """The token to send; ``renew`` is for one that was refused."""

    @abstractmethod
    def get(self) -> str:
        """Return a token, or raise SyncRefused or TryAgain."""

    @abstractmethod
    def renew(self) -> bool:
        """Have another one got next; say whether there can be another."""


class ReadyToken(Tokens):
    """One that was made elsewhere. ``read`` may find a newer one at another time."""

    def __init__(self, read: Callable[[], str], *, named: str) -> None:
        self.read, self.named = read, named
        self.token = self.fresh()

    def fresh(self) -> str:
        token = self.read().strip()
        if len(token) > LONGEST or not TOKEN.fullmatch(token):
            raise SyncRefused(f"{self.named} is no bearer token.")
        return token

    def get(self) -> str:
        return self.token

    def renew(self) -> bool:
        old, self.token = self.token, self.fresh()
        return self.token != old


class TokenSession(requests.Session):
    """What msal asks with. A redirect would carry the secret along: none is followed.

    msal's own session lets REQUESTS_CA_BUNDLE overrule whom the settings trust.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # or ~/.netrc would have a say

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs |= {
            "allow_redirects": False,
            "timeout": TIMEOUT,
            "proxies": proxies(),
            "verify": settings.OIDC_VERIFY_SSL,
        }
        return super().request(*args, **kwargs)


class MsalTokens(Tokens):
    """Tokens of an application, by its secret or its certificate."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.application: Any = None

    def get(self) -> str:
        try:
            self.application = self.application or self.made()
            answer = self.application.acquire_token_for_client([self.scope])
        except requests.exceptions.SSLError:
            raise SyncRefused(
                "The certificate of GRAPH_AUTHORITY is not trusted; SSL_CERT_FILE can "
                "name its authority."
            ) from None
        except requests.RequestException as error:
            raise TryAgain(
                f"the token endpoint did not answer ({type(error).__name__})"
            ) from None
        except (
            ValueError,
            TypeError,
        ) as error:  # of its own configuration, and of odd answers
            raise SyncRefused(
                "GRAPH_AUTHORITY, GRAPH_TENANT_ID or the credentials cannot be used "
                f"({type(error).__name__})."
            ) from None
        return token_of(answer)

    def renew(self) -> bool:
        """Forget the application, and with it the tokens that it keeps."""
        self.application = None
        return True

    def made(self) -> Any:
        return msal.ConfidentialClientApplication(
            settings.GRAPH["client"],
            client_credential=credential(),
            authority=authority(),
            instance_discovery=False,  # the settings say whom to trust
            http_client=TokenSession(),
        )


def authority() -> str:
    return f"{settings.GRAPH['authority'].rstrip('/')}/{settings.GRAPH['tenant']}"


def credential() -> Any:
    """Return the secret, or key and certificate, as msal wants them."""
    if settings.GRAPH["secret"]:
        return settings.GRAPH["secret"]
    try:
        pem = Path(settings.GRAPH["key_file"]).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise SyncRefused(
            f"GRAPH_CLIENT_CERTIFICATE cannot be read ({type(error).__name__})."
        ) from None
    return {"private_key": pem, "public_certificate": pem}


def token_of(answer: dict[str, Any]) -> str:
    token = answer.get("access_token")
    if isinstance(token, str):
        return token
    if "error" not in answer:
        raise TryAgain("the token endpoint answered without a token")
    words = " ".join(str(answer.get("error_description") or "").split())
    raise SyncRefused(
        f"The token endpoint refused: {shown(str(answer['error']))}"
        f"{': ' if words else ''}{shown(words)}"
    )


def tokens_for(scope: str, file: Path | None) -> Tokens:
    """Return the tokens that the command line, or else the settings, name."""
    if file:
        return ReadyToken(lambda: read(file), named="What the --token-file holds")
    if settings.GRAPH["token"]:
        return ReadyToken(lambda: settings.GRAPH["token"], named="GRAPH_TOKEN")
    if settings.GRAPH["client"]:
        return MsalTokens(scope)
    raise SyncRefused(
        "There is no token: set GRAPH_TENANT_ID, GRAPH_CLIENT_ID and "
        "GRAPH_CLIENT_SECRET, or GRAPH_TOKEN, or name a --token-file."
    )


def read(file: Path) -> str:
    try:
        with file.open(encoding="ascii") as opened:
            return opened.read(LONGEST + 2)
    except (OSError, ValueError) as error:
        raise SyncRefused(
            f"The --token-file cannot be read ({type(error).__name__})."
        ) from None
