"""Quantiles: of samples by interpolation, as Prometheus and PostgreSQL have them; of a held value by time."""

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence


def interpolated(ordered: Sequence[float], share: float) -> float:
    """The quantile of `ordered` values, between two of them where it lies between two."""
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (place - math.floor(place)) * (high - low)


def by_weight(weighted: Iterable[tuple[float, int]], share: float) -> float:
    """The smallest of (value, weight) pairs up to which `share` of the weight lies, in microseconds; where nothing
    has a weight, the smallest."""
    ordered = sorted(weighted)
    total = sum(weight for _, weight in ordered)
    wanted, reached = share * (total / 1e6), 0
    for value, weight in ordered:
        reached += weight
        if reached / 1e6 >= wanted and (weight or not total):
            return value
    return ordered[-1][0]


class OrderedWindow:
    """The values of a window in order, kept while it moves on: a backtest asks for thousands that overlap."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self.ordered: list[float] = []
        self.first = self.last = 0

    def move(self, first: int, last: int) -> list[float]:
        """The values from `first` on and before `last`, in order; none of them is NaN."""
        if not self.first <= first <= self.last <= last:
            self.ordered, self.first, self.last = sorted(self.values[first:last]), first, last
        for value in self.values[self.last : last]:
            insort(self.ordered, value)
        for value in self.values[self.first : first]:
            del self.ordered[bisect_left(self.ordered, value)]
        self.first, self.last = first, last
        return self.ordered
