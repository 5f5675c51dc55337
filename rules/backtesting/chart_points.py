"""The points of a chart: the values that a rule compares."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from rules.backtesting.chart_data import ChartData, Point, thin, with_gaps
from rules.backtesting.group_chart import group_of_chart
from rules.backtesting.inputs import moments_between, watch_past_of
from rules.backtesting.instances import on_series
from rules.backtesting.observations import Condition, Key, RuleConditions
from rules.backtesting.rolled_chart import needs_readings, rolled_chart
from rules.backtesting.sampled_chart import has_few_readings, is_long, sampled_chart
from rules.backtesting.series import readings
from rules.backtesting.usual_band import hours_between, usual_points
from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.engine.reducers import Series
from rules.engine.series_choice import SeriesMode
from rules.models import AutomationRule

MAX_OBSERVATIONS_READ = 1_500_000  # readings, over all windows of a chart


def chart_of(watched: RuleConditions, person: UUID, start: datetime, end: datetime) -> ChartData:
    """The values that the first condition of `watched` compares for `person` between `start` and `end`, thinned; of a
    distance from the usual, the readings and what is usual. Of a long period from roll-ups where that is possible, else
    at some evaluations: of more than a month, at most 10,000 rows are read."""
    first = replace(watched, conditions=watched.conditions[:1])
    is_bounded = is_long(first, start, end)
    if not (is_bounded and needs_readings(first) and has_few_readings(first.conditions[0], person, start, end)):
        if rolled := rolled_chart(first, person, start, end):
            return rolled
        if is_bounded:
            return sampled_chart(first, person, start, end)
    for _, own, platform in readings(first, [person], start, end):
        return chart_of_readings(first, own, platform, start, end)
    return ChartData()


def chart_of_instance(rule: AutomationRule, person: UUID, target: str, start: datetime, end: datetime) -> ChartData:
    """The same, of the instance of a rule on series with the key `target`; of a group, of all its series."""
    if rule.series_mode == SeriesMode.EACH:
        return chart_of(on_series(watch_past_of(rule), target), person, start, end)
    found = group_of_chart(rule, person, target, start, end)
    if found is None:
        return ChartData()
    chart = chart_of_readings(found.group.watched, found.group.own, found.group.platform, start, end)
    return replace(chart, note=found.note)


def chart_of_readings(
    watched: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series], start: datetime, end: datetime
) -> ChartData:
    """The same, of series that are known."""
    first = RuleConditions(watched.conditions[:1], watched.match, watched.max_age, watched.interval)
    condition = first.conditions[0]
    if condition.reducer not in WITHOUT_WINDOW:
        return ChartData(thin(_of_windows(first, own, platform, start, end)))
    series = own.get(condition.key) or platform.get(condition.key) or Series()
    band = usual_points(series, hours_between(start, end), end) if condition.reducer == Reducer.UNUSUAL else []
    if series.held:
        return ChartData(thin(_in_steps(series, start, end)), True, band)
    return ChartData(thin(_as_pushed(series, start, end, first.max_age.get(condition.metric))), False, band)


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
