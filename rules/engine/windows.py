"""Sums and extremes of any window of a series in constant time, equal to `fsum`, `min` and `max`.

A backtest needs thousands of overlapping windows. Sums are kept as integers in units of the smallest binary fraction of
a reading, so their differences are exact.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate

from rules.engine.numeric_range import LARGEST_VALUE

Pick = Callable[..., float]  # min or max


class WindowTable:
    """The readings from `first` on and before `last` of a series; each call has at least one reading in its window."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self._rows: dict[Pick, list[Sequence[float]]] = {min: [values], max: [values]}

    def can_be_summed(self, first: int, last: int) -> bool:
        """Whether no reading is NaN or out of range."""
        return self._unsafe[last] == self._unsafe[first]

    def total(self, first: int, last: int) -> float:
        """Return the sum, rounded once; NaN where it is out of range."""
        if not self.can_be_summed(first, last):
            return math.nan
        sums, unit = self._sums
        return (sums[last] - sums[first]) / unit

    def extreme(self, pick: Pick, first: int, last: int) -> float:
        """Return the `min` or `max`; as in PostgreSQL, NaN is the largest value."""
        if self._has_nan:
            return pick(self.values[first:last], key=_rank)
        power = (last - first).bit_length() - 1
        row = self._row(pick, power)
        return pick(row[first], row[last - (1 << power)])

    def _row(self, pick: Pick, power: int) -> Sequence[float]:
        """The result of `pick` over `2 ** power` readings from each index on."""
        rows = self._rows[pick]
        while len(rows) <= power:
            rows.append(list(map(pick, rows[-1], rows[-1][1 << (len(rows) - 1) :])))
        return rows[power]

    @cached_property
    def _has_nan(self) -> bool:
        return any(map(math.isnan, self.values))

    @cached_property
    def _unsafe(self) -> list[int]:
        return [0, *accumulate(not abs(value) <= LARGEST_VALUE for value in self.values)]

    @cached_property
    def _sums(self) -> tuple[list[int], int]:
        """The prefix sums as integers, and their common divisor."""
        safe = (float(value) if abs(value) <= LARGEST_VALUE else 0.0 for value in self.values)
        ratios = [value.as_integer_ratio() for value in safe]
        bits = max((under.bit_length() for _, under in ratios), default=1)
        return [0, *accumulate(over << (bits - under.bit_length()) for over, under in ratios)], 1 << (bits - 1)


def _rank(value: float) -> tuple[bool, float]:
    return math.isnan(value), value
