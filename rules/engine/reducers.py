"""Aggregations of the readings of a window in Python, for backtests; the SQL is in `rules.evaluation.composite`.

A pushed metric is a series of samples. A built-in metric is stored as changes and holds its value until the next one,
so its average is over time, and its sum and count are over evaluations.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import cast

from rules.engine.numeric_range import LARGEST_VALUE, SMALLEST
from rules.engine.windows import Pick, WindowTable

Values = Sequence[float]
EXTREMES: dict[str, Pick] = {"min": min, "max": max}


@dataclass(frozen=True, slots=True)
class Series:
    """The readings of one person on one metric, oldest first: times and values, of the same length."""

    times: Sequence[datetime] = ()
    values: Values = ()
    held: bool = False  # a built-in metric, of which only the changes are known
    integrals: list[float] = field(default_factory=list, compare=False)
    tables: list[WindowTable] = field(default_factory=list, compare=False)

    def newest(self, now: datetime, max_age: timedelta | None) -> tuple[float, datetime] | None:
        """The newest reading at `now` that is not older than `max_age`, with its time; None without one."""
        place = bisect_right(self.times, now)
        if not place or (max_age is not None and self.times[place - 1] <= now - max_age):
            return None
        return self.values[place - 1], self.times[place - 1]

    def reduce(self, reducer: str, now: datetime, span: timedelta, interval: timedelta) -> float | None:
        """The aggregation of the readings after `now - span` and up to `now`; None where there are none, NaN where it
        overflows."""
        first, last = bisect_right(self.times, now - span), bisect_right(self.times, now)
        if self.held:
            return self._reduce_held(reducer, first, last, now, span, interval)
        return self._reduce_samples(reducer, first, last)

    def _reduce_samples(self, reducer: str, first: int, last: int) -> float | None:
        count = last - first
        if not count:
            return None
        if reducer in EXTREMES:
            return self._table().extreme(EXTREMES[reducer], first, last)
        if reducer in ("sum", "avg"):
            total = self._table().total(first, last)
            return total if reducer == "sum" else total / count
        if reducer == "count":
            return float(count)
        return self._changed(reducer, first, last) if count > 1 else None

    def _reduce_held(
        self, reducer: str, first: int, last: int, now: datetime, span: timedelta, interval: timedelta
    ) -> float | None:
        if not last:
            return None
        begun = now - span if first else self.times[0]
        first = max(first - 1, 0)
        if reducer in EXTREMES:
            return self._table().extreme(EXTREMES[reducer], first, last)
        if reducer in ("change", "percent_change"):
            return self._changed(reducer, first, last)
        length = (now - begun).total_seconds()
        if reducer == "count":
            return length / interval.total_seconds()
        if not self._table().can_be_summed(first, last):
            return math.nan
        area = self._integral(now) - self._integral(begun)
        if reducer == "sum":
            return area / interval.total_seconds()
        return area / length if length else self._table().extreme(max, first, last)

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
                accumulate(v * s for v, s in zip([0.0, *map(_safe, self.values)], lengths, strict=False))
            )
        place = bisect_right(self.times, until) - 1
        if place < 0:
            return 0.0
        return self.integrals[place] + _safe(self.values[place]) * (until - self.times[place]).total_seconds()


def _in_reach(value: float) -> bool:
    return abs(value) <= LARGEST_VALUE  # NaN is not


def _safe(value: float) -> float:
    """The value for the integral; out-of-range values count as 0, since their windows are refused elsewhere."""
    return value if SMALLEST <= abs(value) <= LARGEST_VALUE else 0.0


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
