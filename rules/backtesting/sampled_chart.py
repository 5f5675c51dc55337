"""The chart of a long period that roll-ups do not have: at as many evaluations as 10,000 readings allow."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection

from rules.backtesting.chart_data import ChartData, Point, thin
from rules.backtesting.inputs import moments_between
from rules.backtesting.observations import Condition, Key, RuleConditions
from rules.backtesting.usual_band import past_hours, usual_points
from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.engine.reducers import Series, series_of
from rules.registries import metrics
from rules.storage.rollup_series import MONTH, is_rolled, series_of_person
from rules.storage.sampled_windows import Needed, Samples, Whose, sample_windows

MAX_SAMPLED_ROWS, MAX_COUNTED_ROWS = 9_000, 4_500
COUNT_ROLLED_SQL = """
SELECT coalesce(sum(count), 0) FROM metric_rollups_1d WHERE series_id = ANY(%s) AND ended_at > %s AND ended_at <= %s"""
COUNT_SQL = """
SELECT count(*) FROM (SELECT FROM metric_samples
                       WHERE series_id = ANY(%s) AND observed_at > %s AND observed_at <= %s LIMIT %s) AS readings"""


class WindowTooLong(ValueError):
    """A window has too many readings to be drawn over so long a period."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def is_long(watched: RuleConditions, start: datetime, end: datetime) -> bool:
    """Whether the period is so long that not all readings of the first condition may be read."""
    return end - start > MONTH and watched.conditions[0].metric not in watched.queries


def has_few_readings(condition: Condition, person: UUID | None, start: datetime, end: datetime) -> bool:
    """Whether the readings that a chart of the condition needs are few enough to be read, all of them."""
    series, begin = series_of_person(person, *condition.key), start - condition.reach
    rolled = is_rolled(end)
    with connection.cursor() as cursor:
        if rolled:
            cursor.execute(COUNT_ROLLED_SQL, [series, begin, end])
        else:
            cursor.execute(COUNT_SQL, [series, begin, end, MAX_COUNTED_ROWS + 1])
        return bool(cursor.fetchone()[0] <= (MAX_SAMPLED_ROWS if rolled else MAX_COUNTED_ROWS))


def sampled_chart(watched: RuleConditions, person: UUID | None, start: datetime, end: datetime) -> ChartData:
    """The values of the first condition at some evaluations between `start` and `end`; WindowTooLong where not even
    those of one can be read."""
    condition, moments = watched.conditions[0], moments_between(start, end)
    held = condition.metric in metrics
    rows = MAX_SAMPLED_ROWS if is_rolled(end) else MAX_SAMPLED_ROWS - MAX_COUNTED_ROWS
    found = sample_windows(Whose([condition.key], person), moments, partial(needed_at, condition, held=held), rows)
    if not found.moments:
        raise WindowTooLong
    own, platform = series_in(found.samples, person), series_in(found.samples, None)
    series = own.get(condition.key) or platform.get(condition.key) or Series()
    band = usual_points(series, found.moments, end) if condition.reducer == Reducer.UNUSUAL else []
    points: list[Point] = [(at, _drawn(watched, own, platform, at)) for at in found.moments]
    in_steps = held and condition.reducer in WITHOUT_WINDOW
    return ChartData(thin(points), in_steps, band, note=evaluations_note(len(found.moments), len(moments)))


def needed_at(condition: Condition, moment: datetime, *, held: bool) -> Needed:
    """The readings that decide a condition at a moment."""
    if condition.reducer == Reducer.LAST:
        return Needed(newest=[moment])
    if condition.reducer == Reducer.UNUSUAL:
        past = past_hours(moment, held=held)
        return Needed(past.windows, [*past.newest, moment])
    return Needed([(moment, condition.window)], [moment - condition.window] if held else ())


def series_in(samples: Samples, person: UUID | None) -> dict[Key, Series]:
    """The series of a person, by key."""
    return {key: series_of(pairs, held=key[0] in metrics) for key, pairs in samples.get(person, {}).items()}


def evaluations_note(drawn: int, total: int) -> str:
    """How many evaluations a chart shows, in a sentence; empty where it shows all."""
    if drawn == total:
        return ""
    return f"Drawn at {drawn:,} of {total:,} evaluations, which are evenly spread."


def _drawn(watched: RuleConditions, own: dict[Key, Series], platform: dict[Key, Series], at: datetime) -> float | None:
    """The value at an evaluation; of a distance from the usual, the reading."""
    condition = watched.conditions[0]
    if condition.reducer != Reducer.UNUSUAL:
        return watched.evaluate(own, platform, at)[0].value
    age = watched.max_age.get(condition.metric)
    found = [each.newest(at, age) for each in (own.get(condition.key), platform.get(condition.key)) if each]
    return next((newest[0] for newest in found if newest), None)
