"""Choices that come out the same for the same seed, on every Python."""

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """Draws from one seed. Built on `Random.random` alone, the only sequence that Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.share = self._random.random

    def whole(self, low: int, high: int) -> int:
        """A whole number between both, ends included."""
        return low + int(self.share() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A number between both, small ones more often: durations and lengths are skewed."""
        return low + (high - low) * self.share() ** 2

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.share() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, each as often."""
        return items[int(self.share() * len(items))]

    def hex(self, digits: int) -> str:
        """Hex digits, at most 13."""
        return f"{int(self.share() * 16**digits):0{digits}x}"

    def octets(self, size: int) -> bytes:
        """This many bytes, none of them all zero."""
        words = (int(self.share() * 2**32) | 1 for _ in range(0, size, 4))
        return b"".join(word.to_bytes(4, "big") for word in words)[:size]


class Weighted:
    """Picks items by weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._sums = list(accumulate(weights))

    def index(self, share: float) -> int:
        """The index that a share of [0, 1) falls on."""
        return bisect(self._sums, share * self._sums[-1])
