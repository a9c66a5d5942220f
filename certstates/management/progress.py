"""How far a command is, where somebody looks on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TypeVar

from tqdm import tqdm

T = TypeVar("T")
EVERY = 500  # rows


def bar(**options: object) -> tqdm:
    """Return a bar with rate and time left; quiet where nobody looks on."""
    return tqdm(mininterval=0.5, disable=not sys.stderr.isatty(), **options)


def read_along(rows: Iterable[T], file: IO[bytes], name: str) -> Iterator[T]:
    """Yield what is read from a file, and show how much of the file is left."""
    size = os.fstat(file.fileno()).st_size
    began = time.monotonic()
    with bar(total=size, desc=name, unit="B", unit_scale=True) as shown:
        for number, row in enumerate(rows, 1):
            yield row
            if number % EVERY == 0:
                rate = number / max(time.monotonic() - began, 1e-3)
                shown.set_postfix_str(f"{rate:,.0f} rows/s", refresh=False)
                shown.update(min(file.tell(), size) - shown.n)
        shown.update(size - shown.n)


@contextmanager
def writing(name: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that is told how many of how many rows are written."""
    with bar(desc=f"{name}, saving", unit=" rows", unit_scale=True) as shown:

        def told(done: int, number: int) -> None:
            shown.total = number
            shown.update(done - shown.n)

        yield told
