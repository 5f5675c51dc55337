"""The chart of a long period, from roll-ups: at most 10,000 of them, whatever the number of readings.

Of a newest reading each period has its lowest, highest and last one, so that no extreme is lost. Of an average,
minimum, maximum, sum or count over a window, the values at the ends of periods, over whole periods: exact where the
window is a multiple of them, else over the next longer one that is. Of a distance from the usual, the readings so, over
longer periods, which leaves rows for the band. Other aggregations need the readings (`sampled_chart`).
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rules.backtesting.chart_data import ChartData, Point, UsualPoint, thin, with_gaps
from rules.backtesting.observations import Condition, RuleConditions
from rules.backtesting.usual_band import long_band
from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.registries import metrics
from rules.storage.rollup_series import (
    DAILY,
    FEW_DAYS,
    FINE,
    HOURLY,
    Resolution,
    RolledPeriod,
    newest_samples,
    resolution_for,
    rolled_until,
    rollups_of,
    series_of_person,
    value_before,
)
from smartagent.kernel.durations import length_text

NO_WINDOW = timedelta(0)
COARSER = {FINE: HOURLY, HOURLY: DAILY}
Reduce = Callable[[Sequence[RolledPeriod]], float | None]
OVER_PERIODS: dict[str, Reduce] = {
    "avg": lambda rows: sum(row.sum for row in rows) / sum(row.count for row in rows) if rows else None,
    "min": lambda rows: min((row.min for row in rows), default=None),
    "max": lambda rows: max((row.max for row in rows), default=None),
    "sum": lambda rows: sum(row.sum for row in rows) if rows else None,
    "count": lambda rows: float(sum(row.count for row in rows)),
}


def rolled_chart(watched: RuleConditions, person: UUID | None, start: datetime, end: datetime) -> ChartData | None:
    """The chart of the one condition of `watched`; None where the readings are to be read instead."""
    condition, in_windows = watched.conditions[0], _in_windows(watched)
    held = condition.metric in metrics
    if end - start <= FEW_DAYS or condition.metric in watched.queries or (in_windows and needs_readings(watched)):
        return None
    for series in series_of_person(person, *condition.key):
        resolution = resolution_for(series, start, end, condition.window if in_windows else NO_WINDOW)
        if resolution is None:
            return None
        is_unusual = condition.reducer == Reducer.UNUSUAL
        resolution = COARSER.get(resolution, resolution) if is_unusual else resolution
        if in_windows:
            points = _over_windows(condition, series, resolution, start, end)
        else:
            points = _extremes(series, resolution, start, end, held=held)
        if any(value is not None for _, value in points):
            gaps = points if held or in_windows else with_gaps(points, watched.max_age.get(condition.metric))
            note = _note(condition if in_windows else None, resolution)
            band = long_band(condition.key, person, start, end, held=held) if is_unusual else []
            return ChartData(thin(gaps), held, band, resolution.length, f"{note}{_band_note(band)}")
    return None


def needs_readings(watched: RuleConditions) -> bool:
    """Whether roll-ups alone do not have what a chart of the one condition shows."""
    condition = watched.conditions[0]
    if condition.reducer == Reducer.UNUSUAL:
        return True
    return _in_windows(watched) and (condition.metric in metrics or condition.reducer not in OVER_PERIODS)


def _in_windows(watched: RuleConditions) -> bool:
    return watched.conditions[0].reducer not in WITHOUT_WINDOW


def _band_note(band: Sequence[UsualPoint]) -> str:
    return f" What is usual is drawn at {len(band) - 1:,} hours, which are evenly spread." if band else ""


def _whole_window(condition: Condition, resolution: Resolution) -> timedelta:
    return max(math.ceil(condition.window / resolution.length), 1) * resolution.length


def _note(windowed: Condition | None, resolution: Resolution) -> str:
    """What the points are made of, in a sentence."""
    begun = f"Drawn from roll-ups of {length_text(resolution.length)}"
    if windowed is None:
        return f"{begun}: the lowest, highest and last reading of each."
    window = _whole_window(windowed, resolution)
    if window == windowed.window:
        return f"{begun}, at the end of each."
    return f"{begun}, over {length_text(window)} instead of {length_text(windowed.window)}."


def _extremes(series: int, resolution: Resolution, start: datetime, end: datetime, *, held: bool) -> list[Point]:
    """The lowest, highest and last reading of each period, then the readings that are not rolled up yet; of a metric
    that holds its value also what it was at the start."""
    points: list[Point] = []
    before = value_before(series, start) if held else None
    if before is not None:
        points.append((start, before))
    until = min(rolled_until(resolution), end)
    for row in rollups_of(series, resolution, resolution.end_before(start), until):
        if row.min != row.max:
            points += [(row.ended_at - resolution.length / 2, row.min), (row.ended_at - resolution.length / 4, row.max)]
        points.append((row.ended_at, row.last))
    points += newest_samples(series, max(until, start), end)
    return [*points, (end, points[-1][1])] if held and points else points


def _over_windows(
    condition: Condition, series: int, resolution: Resolution, start: datetime, end: datetime
) -> list[Point]:
    window = _whole_window(condition, resolution)
    until = min(rolled_until(resolution), end)
    rows = rollups_of(series, resolution, start - window, until)
    ends, reduce = [row.ended_at for row in rows], OVER_PERIODS[condition.reducer]
    if not rows:
        return []
    points: list[Point] = []
    moment = resolution.end_before(start) + resolution.length
    while moment <= until:
        inside = rows[bisect_right(ends, moment - window) : bisect_right(ends, moment)]
        value = reduce(inside)
        points.append((moment, value if value is None or math.isfinite(value) else None))
        moment += resolution.length
    return points
