"""The points of a chart: the values that a rule compares, thinned to a few hundred that keep the extremes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rules.backtesting.inputs import moments_between
from rules.backtesting.observations import Condition, Key, RuleConditions
from rules.backtesting.series import readings
from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.engine.reducers import Series
from rules.engine.usual import HOUR, hour_of, usual

Point = tuple[datetime, float | None]
UsualPoint = tuple[datetime, float | None, float | None]  # time, median and deviation from then on
MAX_CHART_POINTS = 600
MAX_OBSERVATIONS_READ = 1_500_000  # readings, over all windows of a chart


@dataclass(frozen=True, slots=True)
class ChartData:
    """The points of a chart, and whether to draw them as steps: a built-in metric holds its value until the next
    reading. `usual` is what is usual in each hour, where the condition is on the distance from it."""

    points: list[Point] = field(default_factory=list)
    in_steps: bool = False
    usual: list[UsualPoint] = field(default_factory=list)

    def usual_as_json(self) -> list[Any]:
        """What is usual; times are milliseconds."""
        return [[int(at.timestamp() * 1000), median, deviation] for at, median, deviation in self.usual]


def chart_of(watched: RuleConditions, person: object, start: datetime, end: datetime) -> ChartData:
    """The values that the first condition of `watched` compares for `person` between `start` and `end`, thinned; of a
    distance from the usual, the readings and what is usual."""
    first = replace(watched, conditions=watched.conditions[:1])
    for _, own, platform in readings(first, [person], start, end):  # type: ignore[list-item]
        return chart_of_readings(first, own, platform, start, end)
    return ChartData()


def chart_of_readings(
    watched: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series], start: datetime, end: datetime
) -> ChartData:
    """The same, of series that are known."""
    first = RuleConditions(watched.conditions[:1], watched.match, watched.max_age, watched.interval)
    condition = first.conditions[0]
    if condition.reducer not in WITHOUT_WINDOW:
        return ChartData(thin(_of_windows(first, own, platform, start, end)))
    series = own.get(condition.key) or platform.get(condition.key) or Series()
    band = _usual(series, start, end) if condition.reducer == Reducer.UNUSUAL else []
    if series.held:
        return ChartData(thin(_in_steps(series, start, end)), True, band)
    return ChartData(thin(_as_pushed(series, start, end, first.max_age.get(condition.metric))), False, band)


def _usual(series: Series, start: datetime, end: datetime) -> list[UsualPoint]:
    """What is usual from `start` to `end`, from hour to hour; nothing where the readings of an hour do not differ."""
    found: list[UsualPoint] = []
    at = start
    while at < end:
        known = usual(series, at)
        known = known if known and known.is_known else None
        found.append((at, known.median if known else None, known.deviation if known else None))
        at = hour_of(at) + HOUR
    return [*found, (end, *found[-1][1:])] if found else []


def thin(points: Sequence[Point], maximum: int = MAX_CHART_POINTS) -> list[Point]:
    """At most `maximum` of `points`: the first, last, lowest and highest of each stretch of time."""
    if len(points) <= maximum:
        return list(points)
    begin, length = points[0][0], (points[-1][0] - points[0][0]) / (maximum // 5)
    buckets: dict[int, list[Point]] = {}
    for point in points:
        buckets.setdefault(min(int((point[0] - begin) / length), maximum // 5 - 1), []).append(point)
    kept: list[Point] = []
    for bucket in buckets.values():
        known = [point for point in bucket if point[1] is not None] or bucket[:1]
        extremes = (min(known, key=_value), max(known, key=_value))
        gap = [point for point in bucket if point[1] is None][:1]
        kept += sorted({bucket[0], bucket[-1], *extremes, *gap}, key=lambda point: point[0])[:5]
    return kept


def _value(point: Point) -> float:
    return point[1] or 0.0


def _of_windows(
    watched: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series],
    start: datetime,
    end: datetime,
) -> list[Point]:  # fmt: skip
    condition: Condition = watched.conditions[0]
    moments = moments_between(start, end)
    series = own.get(condition.key) or platform.get(condition.key) or Series()
    reach = (end - start + condition.reach) / timedelta(seconds=1)
    in_window = len(series.times) * condition.reach.total_seconds() / reach
    apart = max(1, int(len(moments) * in_window / MAX_OBSERVATIONS_READ) + 1 if in_window else 1)
    return [(moment, watched.evaluate(own, platform, moment)[0].value) for moment in moments[::apart]]


def _in_steps(series: Series, start: datetime, end: datetime) -> list[Point]:
    pairs = list(zip(series.times, series.values, strict=True))
    before = [value for time, value in pairs if time <= start][-1:]
    inside: list[Point] = [(time, value) for time, value in pairs if start < time <= end]
    begun: list[Point] = [(start, value) for value in before]
    points = begun + inside
    return [*points, (end, points[-1][1])] if points else []


def _as_pushed(series: Series, start: datetime, end: datetime, max_age: timedelta | None) -> list[Point]:
    points: list[Point] = []
    for time, value in zip(series.times, series.values, strict=True):
        if not start < time <= end:
            continue
        if points and max_age and time - points[-1][0] > max_age:
            points.append((points[-1][0] + max_age, None))
        points.append((time, value))
    return points
