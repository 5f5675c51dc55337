"""Exact sums over any window of a series of samples in constant time: of values, squares, products with time, resets.

They are kept as integers, as in `rules.engine.windows`; times are microseconds since the first sample.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate, pairwise

from rules.engine.numeric_range import in_range

MICROSECOND = timedelta(microseconds=1)


class SampleSums:
    """The sums of the samples from `first` on and before `last`. A value out of range counts as 0: its windows are
    refused elsewhere."""

    def __init__(self, times: Sequence[datetime], values: Sequence[float]) -> None:
        self.times = times
        self.values = [in_range(value) for value in values]

    def slope(self, first: int, last: int) -> float | None:
        """The slope per second of the least-squares line; None where all samples have the same time."""
        over, under = self._line(first, last)
        return over * 1_000_000 / (under * self._unit) if under else None

    def line_at(self, first: int, last: int, moment: datetime) -> float | None:
        """The value of the least-squares line at `moment`; None where all samples have the same time."""
        over, under = self._line(first, last)
        if not under:
            return None
        count, times = last - first, _between(self._times, first, last)
        ahead = count * ((moment - self.times[0]) // MICROSECOND) - times
        return (_between(self._sums, first, last) * under + over * ahead) / (count * under * self._unit)

    def deviation(self, first: int, last: int) -> float:
        """The standard deviation of the population."""
        count, total = last - first, _between(self._sums, first, last)
        spread = count * _between(self._squares, first, last) - total * total
        return math.sqrt(spread / (count * self._unit) ** 2)

    def gain(self, first: int, last: int) -> float:
        """The increase of a counter: after a reset it counts from 0."""
        grown = self.values[last - 1] - self.values[first]
        return grown + _between(self._resets, first + 1, last) / self._unit

    def _line(self, first: int, last: int) -> tuple[int, int]:
        """The slope in units of a value per microsecond, as numerator and denominator."""
        count, times = last - first, _between(self._times, first, last)
        over = count * _between(self._products, first, last) - times * _between(self._sums, first, last)
        return over, count * _between(self._time_squares, first, last) - times * times

    @cached_property
    def _whole(self) -> tuple[list[int], int]:
        """The values as integers, and their common divisor."""
        ratios = [float(value).as_integer_ratio() for value in self.values]
        bits = max((under.bit_length() for _, under in ratios), default=1)
        return [over << (bits - under.bit_length()) for over, under in ratios], 1 << (bits - 1)

    @cached_property
    def _unit(self) -> int:
        return self._whole[1]

    @cached_property
    def _since(self) -> list[int]:
        return [(time - self.times[0]) // MICROSECOND for time in self.times]

    @cached_property
    def _sums(self) -> list[int]:
        return _prefix(self._whole[0])

    @cached_property
    def _squares(self) -> list[int]:
        return _prefix(value * value for value in self._whole[0])

    @cached_property
    def _products(self) -> list[int]:
        return _prefix(time * value for time, value in zip(self._since, self._whole[0], strict=True))

    @cached_property
    def _resets(self) -> list[int]:
        return _prefix([0, *(before if after < before else 0 for before, after in pairwise(self._whole[0]))])

    @cached_property
    def _times(self) -> list[int]:
        return _prefix(self._since)

    @cached_property
    def _time_squares(self) -> list[int]:
        return _prefix(time * time for time in self._since)


def _prefix(numbers: Iterable[int]) -> list[int]:
    return [0, *accumulate(numbers)]


def _between(sums: Sequence[int], first: int, last: int) -> int:
    return sums[last] - sums[first]
