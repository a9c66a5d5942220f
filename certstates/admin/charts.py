"""What a number looks like: measured here, drawn by the templates as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from certstates.statistics import Count


@dataclass(frozen=True)
class Figure:
    """A number with its name; ``url`` leads to what was counted."""

    label: str
    count: Count
    url: str = ""
    name: str = ""  # in full, where the label is short
    tone: str = "calm"
    length: float = 0

    @property
    def mood(self) -> str:
        """Return the tone of a number that matters; none of it is good news."""
        return self.tone if self.count.value else "fine"


def drawn(figures: Iterable[Figure], *, longest: int) -> list[Figure]:
    """Give each figure its bar; the largest number gets the ``longest``."""
    figures = list(figures)
    largest = max((figure.count.value for figure in figures), default=0)
    return [
        replace(figure, length=length_of(figure.count.value, largest, longest))
        for figure in figures
    ]


def length_of(value: int, largest: int, longest: int) -> float:
    """Return a bar's length; what is not zero is seen, however small it is."""
    return max(round(value / largest * longest, 1), 2) if value else 0
