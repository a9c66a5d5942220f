"""One download at a time, so that a process has a thread left for everybody else."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Self

from django.http.response import HttpResponseBase

ALONE = threading.Semaphore(1)


class Occupied(Exception):
    """Another download has the turn; the sentence says so."""


class Turn:
    """The right to send. It ends once, at the latest when nobody knows of it any more.

    A download keeps its thread until the last byte is taken, and some clients are slow.
    """

    end: Callable[[], object]

    @classmethod
    def take(cls) -> Self:
        if not ALONE.acquire(blocking=False):
            raise Occupied(
                "Another export is being sent. Try again when it has arrived."
            )
        turn = cls()
        turn.end = weakref.finalize(turn, ALONE.release)
        return turn

    def lasts_until_sent(self, response: HttpResponseBase) -> None:
        """End with the response, whether it arrived or was broken off."""
        close = response.close

        def close_and_end() -> None:
            try:
                close()
            finally:
                self.end()

        response.close = close_and_end  # type: ignore[method-assign]
