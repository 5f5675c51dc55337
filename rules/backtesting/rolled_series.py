"""A series of 5-minute roll-ups, which an evaluation cannot tell from its readings.

Evaluations are at multiples of 5 minutes, and a period includes its end. So at an evaluation the newest reading is the
last one of the newest period, and a window or a maximum age that is a multiple of 5 minutes is made of whole periods: a
reading of a period that ends at `e` is within it just when `e` is. Minimum, maximum and count are exact.

PostgreSQL has rounded the sum of each period, at each addition. Where a sum or an average is nearer to a threshold than
that can matter, the readings of its window are read.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from rules.backtesting.observations import Condition, Key
from rules.engine.reducers import Series
from rules.engine.windows import WindowTable
from rules.storage.fine_series import RolledSeriesKey, values_between
from rules.storage.rollup_series import FINE, RolledPeriod

ROLLED_REDUCERS = ("last", "avg", "min", "max", "sum", "count")
OF_SUMS = ("sum", "avg")
ROUNDING = 2.0**-52  # twice what an addition is off by, at most, as a share of its result
LARGEST_ROLLED = 1e100  # nothing is near the range of numbers then, whatever is added
MAX_WINDOWS_READ = 200  # of a series


class RollupsDoNotDecide(Exception):
    """Roll-ups do not decide what the readings of a series would: too many sums are near a threshold."""


@dataclass(frozen=True, slots=True)
class RolledSeries(Series):
    """`times` are the ends of the periods, and `values` the last reading of each. `levels` are the thresholds that sums
    and averages are compared with, by reducer."""

    key: RolledSeriesKey = (None, "", "")
    minima: WindowTable = field(default_factory=lambda: WindowTable(()))
    maxima: WindowTable = field(default_factory=lambda: WindowTable(()))
    totals: WindowTable = field(default_factory=lambda: WindowTable(()))
    counts: Sequence[int] = (0,)  # of the readings before each period
    levels: Mapping[str, Sequence[float]] = field(default_factory=dict)
    windows_read: list[datetime] = field(default_factory=list, compare=False)

    def reduce(
        self, reducer: str, now: datetime, span: timedelta, interval: timedelta, parameter: float = 0.0
    ) -> float | None:
        """The aggregation of the readings after `now - span` and up to `now`, both multiples of 5 minutes."""
        first, last = bisect_right(self.times, now - span), bisect_right(self.times, now)
        if first == last:
            return None
        count = self.counts[last] - self.counts[first]
        if reducer == "count":
            return float(count)
        lowest, highest = self.minima.extreme(min, first, last), self.maxima.extreme(max, first, last)
        if reducer in ("min", "max"):
            return lowest if reducer == "min" else highest
        total = self._same(lowest, count) if lowest == highest else self.totals.total(first, last)
        if lowest != highest and self._is_near(reducer, total, count, max(abs(lowest), abs(highest))):
            total = self._read(now, span)
        return total if reducer == "sum" else total / count

    def _same(self, value: float, count: int) -> float:
        """The sum of so many times the same value, rounded once."""
        over, under = value.as_integer_ratio()
        return over * count / under

    def _is_near(self, reducer: str, total: float, count: int, largest: float) -> bool:
        """Whether the rounding of the sum could decide: in each period at most as many times as it has readings."""
        off = ROUNDING * count * count * largest
        value, off = (total, off) if reducer == "sum" else (total / count, off / count + 2 * ROUNDING * largest)
        return any(abs(value - level) <= off for level in self.levels.get(reducer, ()))

    def _read(self, now: datetime, span: timedelta) -> float:
        """The sum of the readings of a window, rounded once; RollupsDoNotDecide where that is asked for too often."""
        self.windows_read.append(now)
        if len(self.windows_read) > MAX_WINDOWS_READ:
            raise RollupsDoNotDecide
        return math.fsum(values_between(self.key, now - span, now))


def rolled_series(key: RolledSeriesKey, periods: Sequence[RolledPeriod], conditions: Sequence[Condition]) -> Series:
    """The series of these periods, the oldest first, to be compared by `conditions`. RollupsDoNotDecide where a value
    is too large."""
    if not all(abs(row.min) <= LARGEST_ROLLED and abs(row.max) <= LARGEST_ROLLED for row in periods):
        raise RollupsDoNotDecide
    return RolledSeries(
        [row.ended_at for row in periods], [row.last for row in periods], key=key,
        minima=WindowTable([row.min for row in periods]), maxima=WindowTable([row.max for row in periods]),
        totals=WindowTable([row.sum for row in periods]), counts=[0, *accumulate(row.count for row in periods)],
        levels={reducer: _levels(conditions, key[1:], reducer) for reducer in OF_SUMS},
    )  # fmt: skip


def _levels(conditions: Sequence[Condition], key: Key, reducer: str) -> list[float]:
    of_key = [each for each in conditions if each.reducer == reducer and each.metric == key[0]]
    levels = (level for each in of_key for level in (each.threshold, each.recovery, each.critical))
    return [level for level in levels if level is not None]


def is_whole(length: timedelta) -> bool:
    """Whether a length of time is made of whole periods."""
    return not length % FINE.length
