"""Work that must end at once, whatever is asked: what never ends is seen to."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

# A slow machine takes a tenth of it, and what grows beyond measure takes minutes.
SECONDS = 5


@contextmanager
def ended_at_once() -> Iterator[None]:
    """Fail if the block takes this thread's processor for long.

    Neither other threads count, nor the rubbish of the tests before.
    """
    gc.disable()
    begun = time.thread_time()
    try:
        yield
        taken = time.thread_time() - begun
    finally:
        gc.enable()
    assert taken < SECONDS, f"It took {taken:.1f} s of the processor."
