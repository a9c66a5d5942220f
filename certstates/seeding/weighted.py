"""Chance that prefers some things to others."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Things of which some are drawn more often than others."""

    def __init__(self, weighted: Iterable[tuple[T, float]]) -> None:
        self.things, weights = zip(*weighted, strict=True)
        self.cumulated = [*itertools.accumulate(weights)]

    def draw(self, chance: Random) -> T:
        drawn: T = chance.choices(self.things, cum_weights=self.cumulated)[0]
        return drawn
