"""Ctrl-C, where it may come, and where it has to wait a moment."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Patience:
    """Makes Ctrl-C wait while it could not be said whether a transaction ended well.

    ``begin`` it before the end of a transaction and ``end`` it thereafter; ``end``
    raises KeyboardInterrupt if there was one.
    """

    def __init__(self) -> None:
        self.was_interrupted = False
        self.before: Any = None

    def begin(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self.note)

    def note(self, number: int, frame: FrameType | None) -> None:
        self.was_interrupted = True

    def end(self) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            self.before = None
        if self.was_interrupted:
            raise KeyboardInterrupt
