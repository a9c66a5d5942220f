"""Asking a Graph-shaped server for a page: politely, often enough, and not for ever."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import requests
import urllib3
from django.conf import settings
from requests.auth import AuthBase

from certstates.sync.addresses import proxies
from certstates.sync.pages import Page, read_page, words_of
from certstates.sync.refusals import LinkExpired, SyncRefused, TokenRefused, TryAgain
from certstates.sync.tokens import Tokens
from certstates.sync.waiting import pause, retry_after, wait_of

# A page of a thousand records whose every text is as long as may be is half of it.
LARGEST = 64 * 1024 * 1024
LARGEST_ERROR = 64 * 1024
PIECE = 256 * 1024
CONNECT = 10.0
# 408 and these may pass by themselves; 501 will not.
PASSING = {408, 429, 500, 502, 503, 504, 507, 509}
BAD_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"

Notify = Callable[[str], None]


class Bearer(AuthBase):
    """Sets the header itself: requests would send what ~/.netrc has for the host."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Graph:
    """A server, and how often and how long it is asked for one page."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        retries: int = 6,
        timeout: float = 60,
        notify: Notify = lambda sentence: None,
    ) -> None:
        self.tokens, self.retries, self.timeout = tokens, retries, timeout
        self.notify = notify
        self.session = requests.Session()

    def page(self, url: str, *, is_linked: bool) -> Page:
        """Return the page; ``is_linked`` if the server itself has led there.

        Raises SyncRefused, and LinkExpired for a link that the server has forgotten.
        """
        attempt = 0
        while True:
            try:
                return self.attempt(url, is_linked=is_linked)
            except TryAgain as fault:
                attempt += 1
                if attempt > self.retries:
                    raise SyncRefused(
                        f"No page after {attempt} attempts: {fault}."
                    ) from None
                seconds = wait_of(attempt, fault.wait)
                self.notify(f"Trying again in {seconds:,.1f} s: {fault}.")
                pause(seconds)

    def attempt(self, url: str, *, is_linked: bool) -> Page:
        """Ask once; with another token once more, if the first is refused."""
        try:
            return self.ask(url, is_linked=is_linked)
        except TokenRefused:
            if not self.tokens.renew():
                raise
        return self.ask(url, is_linked=is_linked)

    def ask(self, url: str, *, is_linked: bool) -> Page:
        with self.answer(url) as (response, deadline):
            if response.status_code == 200:
                refuse_other_types(response)
                return read_page(read_body(response, deadline), url=url)
            said = Said(response, deadline)
        raise said.refusal(is_linked=is_linked)

    @contextmanager
    def answer(self, url: str) -> Iterator[tuple[requests.Response, float]]:
        """Yield the beginning of an answer, and when it has to be whole."""
        bearer = Bearer(self.tokens.get())
        deadline = time.monotonic() + self.timeout
        with faults_named(self.timeout):
            response = self.session.get(
                url,
                auth=bearer,
                headers={
                    "Accept": "application/json",
                    "User-Agent": "certstates sync_graph",
                    "client-request-id": str(uuid.uuid4()),
                },
                allow_redirects=False,
                stream=True,
                timeout=(min(CONNECT, self.timeout), self.timeout),
                proxies=proxies(),
                verify=settings.OIDC_VERIFY_SSL,
            )
            with closing(response):
                yield response, deadline


@contextmanager
def faults_named(timeout: float) -> Iterator[None]:
    """Make TryAgain or SyncRefused of what goes wrong on the line."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise TryAgain(f"no answer within {timeout:g} s") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if BAD_CERTIFICATE in str(error):
            raise SyncRefused(
                "The server's certificate is not trusted; SSL_CERT_FILE can name its "
                "authority."
            ) from None
        if isinstance(error, ValueError):  # an address or a header that cannot be
            raise SyncRefused(
                f"The server cannot be asked ({type(error).__name__})."
            ) from None
        raise TryAgain(f"the connection failed ({name_of(error)})") from None


def name_of(error: BaseException) -> str:
    """Return the name of what was first: requests wraps it several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return type(error).__name__


def refuse_other_types(response: requests.Response) -> None:
    given = response.headers.get("Content-Type", "")
    media_type = given.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise SyncRefused(
            f"The answer is {ascii(given[:80]) if given else 'of no type'}, and not "
            f"JSON. Is --base-url right?{numbers_of(response)}"
        )


def read_body(
    response: requests.Response, deadline: float, *, most: int = LARGEST
) -> bytes:
    """Return the body, unpacked. Neither its size nor its time is without an end."""
    body = bytearray()
    while piece := response.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > most:
            raise SyncRefused(f"The page has more than {most:,} bytes.")
        if time.monotonic() > deadline:
            raise TryAgain("the answer did not end in time")
    return bytes(body)


def numbers_of(response: requests.Response) -> str:
    """Return what whoever runs the server can find the request by."""
    found = []
    for name in ("request-id", "client-request-id"):
        value = response.headers.get(name, "")
        if value and value.isprintable() and value.isascii():
            found.append(f"{name} {value[:64]}")
    return f" ({', '.join(found)})" if found else ""


class Said:
    """An answer that is no page."""

    def __init__(self, response: requests.Response, deadline: float) -> None:
        self.status = response.status_code
        self.wait = retry_after(response.headers.get("Retry-After"))
        self.numbers = numbers_of(response)
        try:
            words = words_of(read_body(response, deadline, most=LARGEST_ERROR))
        except SyncRefused:
            words = ""
        self.words = f"{self.status}{' ' if words else ''}{words}{self.numbers}"

    def refusal(self, *, is_linked: bool) -> SyncRefused | TryAgain:
        if self.status in PASSING:
            return TryAgain(f"the answer was {self.words}", wait=self.wait)
        if self.status in {400, 410} and is_linked:
            return LinkExpired(f"The server refused its own link: {self.words}.")
        if 300 <= self.status < 400:
            return SyncRefused(
                f"The server sends elsewhere ({self.words}), and the token is not "
                "sent there. Name the final address as --base-url."
            )
        if self.status == 401:
            return TokenRefused(f"The server refused the token: {self.words}.")
        return SyncRefused(f"The server refused: {self.words}.")
