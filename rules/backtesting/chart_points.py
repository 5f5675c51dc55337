"""The points of a chart: the values that a rule compares."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from rules.backtesting.chart_data import ChartData, Point, UsualPoint, thin, with_gaps
from rules.backtesting.inputs import moments_between
from rules.backtesting.instances import instances_of
from rules.backtesting.observations import Condition, Key, RuleConditions
from rules.backtesting.rolled_chart import rolled_chart
from rules.backtesting.series import readings
from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.engine.reducers import Series
from rules.engine.usual import HOUR, hour_of, usual
from rules.models import AutomationRule

MAX_GROUP_POINTS = 300  # at which the series of a group are aggregated
MAX_OBSERVATIONS_READ = 1_500_000  # readings, over all windows of a chart


def chart_of(watched: RuleConditions, person: object, start: datetime, end: datetime) -> ChartData:
    """The values that the first condition of `watched` compares for `person` between `start` and `end`, thinned; of a
    distance from the usual, the readings and what is usual. Of a long period from roll-ups, where that is possible."""
    if rolled := rolled_chart(watched, person, start, end):  # type: ignore[arg-type]
        return rolled
    first = replace(watched, conditions=watched.conditions[:1])
    for _, own, platform in readings(first, [person], start, end):  # type: ignore[list-item]
        return chart_of_readings(first, own, platform, start, end)
    return ChartData()


def chart_of_instance(rule: AutomationRule, person: UUID, target: str, start: datetime, end: datetime) -> ChartData:
    """The same, of the instance of a rule on series with the key `target`."""
    found = instances_of(rule, person, start, end, target, MAX_GROUP_POINTS).listing
    return chart_of_readings(found[0].watched, found[0].own, found[0].platform, start, end) if found else ChartData()


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
    inside = [
        (time, value if math.isfinite(value) else None)
        for time, value in zip(series.times, series.values, strict=True)
        if start < time <= end
    ]
    return with_gaps(inside, max_age)
