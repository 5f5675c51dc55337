"""Aggregations of the readings of a window in Python, for backtests; the SQL is in `rules.evaluation.composite`.

A pushed metric is a series of samples. A built-in metric is stored as changes and holds its value until the next one,
so its average, deviation, quantiles and slope are over time, and its sum and count are over evaluations.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import cast

from rules.engine.conditions import OF_COUNTERS
from rules.engine.counters import increase, rate
from rules.engine.held_values import HELD_REDUCERS, Stretch
from rules.engine.numeric_range import LARGEST_VALUE, SMALLEST, in_range
from rules.engine.quantiles import OrderedWindow, interpolated
from rules.engine.sample_sums import SampleSums
from rules.engine.windows import Pick, WindowTable

Values = Sequence[float]
EXTREMES: dict[str, Pick] = {"min": min, "max": max}
TRENDS = (*OF_COUNTERS, "deriv", "predict_linear")


@dataclass(frozen=True, slots=True)
class Series:
    """The readings of one person on one metric, oldest first: times and values, of the same length."""

    times: Sequence[datetime] = ()
    values: Values = ()
    held: bool = False  # a built-in metric, of which only the changes are known
    integrals: list[float] = field(default_factory=list, compare=False)
    tables: list[WindowTable] = field(default_factory=list, compare=False)
    sums: list[SampleSums] = field(default_factory=list, compare=False)
    windows: list[OrderedWindow] = field(default_factory=list, compare=False)

    def newest(self, now: datetime, max_age: timedelta | None) -> tuple[float, datetime] | None:
        """The newest reading at `now` that is not older than `max_age`, with its time; None without one."""
        place = bisect_right(self.times, now)
        if not place or (max_age is not None and self.times[place - 1] <= now - max_age):
            return None
        return self.values[place - 1], self.times[place - 1]

    def reduce(
        self, reducer: str, now: datetime, span: timedelta, interval: timedelta, parameter: float = 0.0
    ) -> float | None:
        """The aggregation of the readings after `now - span` and up to `now`; None where there are none, NaN where it
        overflows. A quantile has its share as `parameter`, a prediction its seconds ahead."""
        first, last = bisect_right(self.times, now - span), bisect_right(self.times, now)
        if self.held:
            return self._reduce_held(reducer, first, last, now, span, interval, parameter)
        return self._reduce_samples(reducer, first, last, now, span, parameter)

    def _reduce_samples(
        self, reducer: str, first: int, last: int, now: datetime, span: timedelta, parameter: float
    ) -> float | None:
        count = last - first
        if not count:
            return None
        if reducer == "absent":
            return 0.0
        if reducer in ("quantile", "stddev"):
            return self._distribution(reducer, first, last, parameter)
        if reducer in TRENDS:
            return self._trend(reducer, first, last, now, span, parameter) if count > 1 else None
        if reducer in EXTREMES:
            return self._table().extreme(EXTREMES[reducer], first, last)
        if reducer in ("sum", "avg"):
            total = self._table().total(first, last)
            return total if reducer == "sum" else total / count
        if reducer == "count":
            return float(count)
        return self._changed(reducer, first, last) if count > 1 else None

    def _reduce_held(
        self, reducer: str, first: int, last: int, now: datetime, span: timedelta, interval: timedelta,
        parameter: float,
    ) -> float | None:  # fmt: skip
        if not last or reducer in OF_COUNTERS:
            return None
        if reducer == "absent":
            return 0.0
        begun = now - span if first else self.times[0]
        first = max(first - 1, 0)
        if reducer in EXTREMES:
            return self._table().extreme(EXTREMES[reducer], first, last)
        if reducer in ("change", "percent_change"):
            return self._changed(reducer, first, last)
        if reducer in HELD_REDUCERS:
            stretches = self.stretches(first, last, begun, now)
            safe = self._table().can_be_summed(first, last)
            return HELD_REDUCERS[reducer](stretches, parameter) if safe else math.nan
        length = (now - begun).total_seconds()
        if reducer == "count":
            return length / interval.total_seconds()
        if not self._table().can_be_summed(first, last):
            return math.nan
        area = self._integral(now) - self._integral(begun)
        if reducer == "sum":
            return area / interval.total_seconds()
        return area / length if length else self._table().extreme(max, first, last)

    def stretches(self, first: int, last: int, begun: datetime, ended: datetime) -> list[Stretch]:
        """The values held from `begun` until `ended`, of the readings from `first` on and before `last`."""
        starts = [max(begun, time) for time in self.times[first:last]]
        return [
            Stretch(value, start, end)
            for value, start, end in zip(self.values[first:last], starts, [*starts[1:], ended], strict=True)
        ]

    def _distribution(self, reducer: str, first: int, last: int, parameter: float) -> float:
        if not self._table().can_be_summed(first, last):
            return math.nan
        if reducer == "stddev":
            return self._sums().deviation(first, last)
        if not self.windows:
            self.windows.append(OrderedWindow(self.values))
        return interpolated(self.windows[0].move(first, last), parameter)

    def _trend(
        self, reducer: str, first: int, last: int, now: datetime, span: timedelta, parameter: float
    ) -> float | None:
        """The rate, increase, slope or prediction of at least two samples; None where they have the same time."""
        sums = self._sums()
        if self.times[first] == self.times[last - 1]:
            return None
        if not self._table().can_be_summed(first, last):
            return math.nan
        if reducer in OF_COUNTERS:
            return (rate if reducer == "rate" else increase)(sums, first, last, now, span)
        if reducer == "deriv":
            return sums.slope(first, last)
        return sums.line_at(first, last, now + timedelta(seconds=parameter))

    def _sums(self) -> SampleSums:
        if not self.sums:
            self.sums.append(SampleSums(self.times, self.values))
        return self.sums[0]

    def _changed(self, reducer: str, first: int, last: int) -> float | None:
        """The change between the readings at `first` and `last - 1`, absolute or in percent by `reducer`."""
        return (_change if reducer == "change" else _percent)(self.values[first], self.values[last - 1])

    def _table(self) -> WindowTable:
        if not self.tables:
            self.tables.append(WindowTable(self.values))
        return self.tables[0]

    def _integral(self, until: datetime) -> float:
        """The integral of the step function, value times seconds, from the first reading to `until`."""
        if not self.integrals:
            lengths = [0.0, *((b - a).total_seconds() for a, b in zip(self.times, self.times[1:], strict=False))]
            self.integrals.extend(
                accumulate(v * s for v, s in zip([0.0, *map(in_range, self.values)], lengths, strict=False))
            )
        place = bisect_right(self.times, until) - 1
        if place < 0:
            return 0.0
        return self.integrals[place] + in_range(self.values[place]) * (until - self.times[place]).total_seconds()


def _in_reach(value: float) -> bool:
    return abs(value) <= LARGEST_VALUE  # NaN is not


def _change(before: float, after: float) -> float:
    return after - before if _in_reach(before) and _in_reach(after) else math.nan


def _percent(before: float, after: float) -> float | None:
    if before == 0:
        return None
    return 100 * _change(before, after) / abs(before) if abs(before) >= SMALLEST else math.nan


def series_of(samples: Sequence[tuple[datetime, float]], *, held: bool = False) -> Series:
    """A series of (time, value) pairs, oldest first."""
    if not samples:
        return Series(held=held)
    times, values = zip(*samples, strict=True)
    return Series(cast("Sequence[datetime]", times), cast("Values", values), held)
