"""The usual value of a metric at this hour of the week, and how far the newest reading is from it.

Usual is the median of the readings of the same hour, UTC, one to four weeks ago. The distance is in robust deviations:
1.4826 times the median of the distances from it, which is the standard deviation where readings are normally
distributed. A built-in metric counts by time: the value that held for half of it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rules.engine.numeric_range import LARGEST_VALUE, SMALLEST
from rules.engine.quantiles import by_weight, interpolated
from rules.engine.reducers import Series
from rules.engine.sample_sums import MICROSECOND

WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
WEEKS = 4
FEWEST_WEEKS = 3  # that have readings
LOOKBACK = WEEKS * WEEK + HOUR
ROBUST_DEVIATION = 1.4826  # of a normal distribution, in medians of the distances
Weighted = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Usual:
    """The median and the robust deviation of an hour of the week."""

    median: float
    deviation: float

    def distance(self, value: float) -> float | None:
        """The distance of `value` in deviations, never below 0; None where the readings do not differ."""
        return abs(value - self.median) / self.deviation if self.is_known else None

    @property
    def is_known(self) -> bool:
        """Whether the readings differ, so that there are distances."""
        return self.deviation > SMALLEST


def hour_of(now: datetime) -> datetime:
    """The beginning of the hour."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def usual(series: Series, now: datetime) -> Usual | None:
    """What is usual at `now`; None without readings in three of the four weeks."""
    weeks = [_hour(series, hour_of(now) - weeks * WEEK) for weeks in range(1, WEEKS + 1)]
    if sum(bool(week) for week in weeks) < FEWEST_WEEKS:
        return None
    past = [pair for week in weeks for pair in week]
    median = _median(past, held=series.held)
    distances = [(abs(value - median), weight) for value, weight in past]
    return Usual(median, ROBUST_DEVIATION * _median(distances, held=series.held))


def _hour(series: Series, start: datetime) -> Weighted:
    """The readings within range of the hour from `start` on, each with its weight: the time it held in microseconds."""
    end = start + HOUR
    last = bisect_left(series.times, end)
    if not series.held:
        return _within([(value, 1) for value in series.values[bisect_left(series.times, start) : last]])
    first = max(bisect_right(series.times, start) - 1, 0)
    stretches = series.stretches(first, last, start, end) if first < last else []
    return _within([(each.value, (each.ended - each.begun) // MICROSECOND) for each in stretches])


def _within(pairs: Weighted) -> Weighted:
    return [(value, weight) for value, weight in pairs if abs(value) <= LARGEST_VALUE and weight]


def _median(pairs: Sequence[tuple[float, int]], *, held: bool) -> float:
    return by_weight(pairs, 0.5) if held else interpolated(sorted(value for value, _ in pairs), 0.5)
