"""The provider's keys (RFC 7517), read at first need and kept by each process.

Whoever sends tokens cannot make this server ask often, wait long or keep much: one
question at a time, at most one a minute, and no more than the provider's last answer
is kept.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm

from certstates.errors import ServiceUnavailable
from certstates.oidc.configuration import KeyAddress
from certstates.oidc.discovery import address_of, document_of
from certstates.oidc.fetching import TIMEOUT, Unreadable, fetch_json

logger = logging.getLogger(__name__)

MAX_AGE = 3600.0  # seconds after which a withdrawn key is noticed
PAUSE = 60.0  # seconds between two questions
PAUSE_WITHOUT_KEYS = 10.0  # the same, as long as no token can be checked at all
MOST_KEYS = 100

UNREADABLE = (
    "The identity provider's keys cannot be read, so the access token could not be "
    "checked. Nothing was done."
)
# What fits a key that does not name its one algorithm; its curve says the rest.
FITTING: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
}

Keys = dict[tuple[str | None, str], list[jwt.PyJWK]]


def keys_in(document: Any) -> Keys:
    """Return the usable keys by id and algorithm; under no id, all of an algorithm.

    A document without any is none that could replace a good one.
    """
    keys: Keys = {}
    listed = document.get("keys") if isinstance(document, dict) else None
    for data in _list(listed)[:MOST_KEYS]:
        for key in _usable(data):
            for kid in {None, key.key_id}:
                kept = keys.setdefault((kid, key.algorithm_name), [])
                if all(key.key != other.key for other in kept):
                    kept.append(key)
    if not keys:
        raise Unreadable("no usable key is in it")
    return keys


def _usable(data: Any) -> Iterator[jwt.PyJWK]:
    """Yield the key for each algorithm that it may be used with."""
    if not isinstance(data, dict) or "d" in data:
        return
    if data.get("use", "sig") != "sig" or not isinstance(data.get("kid", ""), str):
        return
    if "verify" not in _list(data.get("key_ops", ["verify"])):
        return
    kind = str(data.get("kty")), str(data.get("crv", ""))
    for algorithm in FITTING.get(kind, ()):
        if data.get("alg", algorithm) != algorithm:
            continue
        try:
            key = jwt.PyJWK(data, algorithm)
        except (jwt.PyJWTError, UnsupportedAlgorithm):
            return
        if not key.Algorithm.check_key_length(key.key):
            yield key


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class KeyCache:
    """The keys of one provider."""

    def __init__(
        self, address: KeyAddress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.address = address
        self.clock = clock
        self._lock = threading.Lock()
        self._keys: Keys = {}  # is replaced, never changed: read without the lock
        self._expires = self._asked_at = self._next_line = -math.inf
        self._answered = False  # whether the last question was
        self._asking: threading.Thread | None = None
        self._deadline = 0.0

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the one key that fits.

        Whoever has a key need not wait for newer ones. Raise ``ServiceUnavailable``
        where there is none because the provider did not answer.
        """
        known = self._known(kid, algorithm)
        if known and self.clock() < self._expires:
            return known
        is_mine, asking = self._ask()
        if asking and (is_mine or not known):
            asking.join(max(0.0, self._deadline - time.monotonic()))
        found = self._known(kid, algorithm)
        if found or self._answered:
            return found
        raise self._unavailable()

    def _known(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the key; without a key id, only if no other could be meant."""
        fitting = self._keys.get((kid, algorithm), [])
        return fitting[0] if len(fitting) == 1 else None

    def _ask(self) -> tuple[bool, threading.Thread | None]:
        """Return whether a question was begun here, and the one that is under way."""
        with self._lock:
            if self._asking and self._asking.is_alive():
                return False, self._asking
            if self._pause_left() > 0:
                return False, None
            self._asked_at = self.clock()
            self._answered = False
            self._deadline = time.monotonic() + TIMEOUT
            # A thread of its own, since looking up a name knows no timeout.
            self._asking = threading.Thread(target=self._refresh, daemon=True)
            self._asking.start()
            return True, self._asking

    def _pause_left(self) -> float:
        """Return the seconds until another question may be asked."""
        pause = PAUSE if self._keys else PAUSE_WITHOUT_KEYS
        return self._asked_at + pause - self.clock()

    def _refresh(self) -> None:
        """Replace the keys by those of now; on failure, the last good ones stay."""
        try:
            keys = keys_in(fetch_json(self._jwks_url(), deadline=self._deadline))
        except Unreadable as error:
            self._report(error)
            return
        self._keys = keys
        self._expires = self.clock() + MAX_AGE
        self._answered = True

    def _jwks_url(self) -> str:
        if self.address.jwks:
            return self.address.jwks
        document = document_of(self.address.issuer, deadline=self._deadline)
        return str(document.get("jwks_uri"))

    def _report(self, error: Unreadable) -> None:
        if self.clock() < self._next_line:
            return
        self._next_line = self.clock() + PAUSE
        where = self.address.jwks or address_of(self.address.issuer)
        logger.warning("The identity provider's keys at %s: %s.", where, error)

    def _unavailable(self) -> ServiceUnavailable:
        return ServiceUnavailable(
            UNREADABLE, wait=max(1, math.ceil(self._pause_left()))
        )


_caches: dict[KeyAddress, KeyCache] = {}


def keys_at(address: KeyAddress) -> KeyCache:
    """Return the keys that this process keeps of this address."""
    return _caches.setdefault(address, KeyCache(address))
