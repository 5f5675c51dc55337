"""What is usual over time, for charts of the distance from it: from hour to hour, or of a long period at some hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rules.backtesting.chart_data import UsualPoint
from rules.backtesting.observations import Key
from rules.engine.reducers import Series, series_of
from rules.engine.usual import HOUR, WEEK, WEEKS, hour_of, usual
from rules.storage.sampled_windows import Needed, Whose, sample_windows

MAX_BAND_ROWS = 8_000
MICROSECOND = timedelta(microseconds=1)  # an hour includes its beginning, not its end


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """`start`, then each full hour before `end`."""
    found = [start] if start < end else []
    at = hour_of(start) + HOUR
    while at < end:
        found.append(at)
        at += HOUR
    return found


def usual_points(series: Series, hours: Sequence[datetime], end: datetime) -> list[UsualPoint]:
    """What is usual from each of `hours` on, until `end`; nothing where the readings of an hour do not differ."""
    found: list[UsualPoint] = []
    for at in hours:
        known = usual(series, at)
        known = known if known and known.is_known else None
        found.append((at, known.median if known else None, known.deviation if known else None))
    return [*found, (end, *found[-1][1:])] if found else []


def past_hours(moment: datetime, *, held: bool) -> Needed:
    """The readings that say what is usual at a moment: those of the same hour of the weeks before."""
    starts = [hour_of(moment) - weeks * WEEK for weeks in range(1, WEEKS + 1)]
    return Needed([(start + HOUR - MICROSECOND, HOUR) for start in starts], starts if held else ())


def long_band(key: Key, person: UUID | None, start: datetime, end: datetime, *, held: bool) -> list[UsualPoint]:
    """What is usual at as many hours as MAX_BAND_ROWS allow; of a pushed metric the last reading of each 5 minutes
    counts, from roll-ups."""
    needed = _past_hours_held if held else _past_hours_rolled
    found = sample_windows(Whose([key], person), hours_between(start, end), needed, MAX_BAND_ROWS, rolled=not held)
    own = found.samples.get(person, {}).get(key) or found.samples.get(None, {}).get(key) or []
    shift = timedelta(0) if held else MICROSECOND  # a period belongs to the hour that it ends with
    return usual_points(series_of([(at - shift, value) for at, value in own], held=held), found.moments, end)


def _past_hours_held(moment: datetime) -> Needed:
    return past_hours(moment, held=True)


def _past_hours_rolled(moment: datetime) -> Needed:
    return Needed([(end + MICROSECOND, length) for end, length in past_hours(moment, held=False).windows])
