"""The roll-ups of a series, for what looks at long periods; the length of the period is chosen by theirs.

At most 10,000 rows are read: 5 minutes reach for a month, hours for a year, days for longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from rules.models import RollupProgress

MAX_ROWS, MAX_TAIL = 9_600, 400  # roll-ups, and samples that are not rolled up yet
FEW_DAYS, MONTH = timedelta(days=2), timedelta(days=31)
MAX_BEHIND = timedelta(days=2)  # roll-ups that are further behind are not used
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ROLLED_SERIES_SQL = """
SELECT id FROM metric_series WHERE metric = %(metric)s AND target = %(target)s
   AND (user_id = %(person)s OR user_id IS NULL) ORDER BY user_id NULLS LAST"""
IS_DENSE_SQL = """
SELECT count(*) FROM (SELECT FROM metric_samples
                       WHERE series_id = %s AND observed_at > %s AND observed_at <= %s LIMIT %s) AS readings"""
ROLLUPS_SQL = """
SELECT ended_at, min, max, sum, count, last FROM {table}
 WHERE series_id = %s AND ended_at > %s AND ended_at <= %s ORDER BY ended_at DESC LIMIT %s"""

NEWEST_SAMPLES_SQL = """
SELECT observed_at, value FROM metric_samples
 WHERE series_id = %s AND observed_at > %s AND observed_at <= %s ORDER BY observed_at DESC LIMIT %s"""
VALUE_BEFORE_SQL = """
SELECT value FROM metric_samples WHERE series_id = %s AND observed_at <= %s ORDER BY observed_at DESC LIMIT 1"""

# The first hour of a span that has a roll-up, and the first sample.
FIRST_OF_SPAN_SQL = """
SELECT (SELECT ended_at FROM metric_rollups_1h WHERE series_id = %(series)s AND ended_at > %(start)s
           AND ended_at <= %(end)s ORDER BY ended_at LIMIT 1),
       (SELECT observed_at FROM metric_samples WHERE series_id = %(series)s AND observed_at > %(start)s
           AND observed_at <= %(end)s ORDER BY observed_at LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The length of a period, and the table of its roll-ups."""

    length: timedelta
    table: str

    def end_before(self, time: datetime) -> datetime:
        """The end of the last period that has ended at `time`."""
        return EPOCH + (time - EPOCH) // self.length * self.length


@dataclass(frozen=True, slots=True)
class RolledPeriod:
    """The samples of a series in the period that ends at `ended_at`, which includes it."""

    ended_at: datetime
    min: float
    max: float
    sum: float
    count: int
    last: float


FINE = Resolution(timedelta(minutes=5), "metric_rollups_5m")
HOURLY = Resolution(timedelta(hours=1), "metric_rollups_1h")
DAILY = Resolution(timedelta(days=1), "metric_rollups_1d")


def series_of_person(person: UUID | None, metric: str, target: str) -> list[int]:
    """The series of the person, then the platform-wide one: those that there are."""
    with connection.cursor() as cursor:
        cursor.execute(ROLLED_SERIES_SQL, {"person": person, "metric": metric, "target": target})
        return [series for (series,) in cursor.fetchall()]


def resolution_for(series: int, start: datetime, end: datetime, window: timedelta) -> Resolution | None:
    """The roll-ups to read a period by, and `window` before it; None where its samples are few enough, or are not
    rolled up yet."""
    reach = end - start + window
    if end - start <= FEW_DAYS or not is_rolled(end):
        return None
    if end - start > MONTH:
        return HOURLY if reach <= MAX_ROWS * HOURLY.length else DAILY
    if _is_dense(series, start, end):
        return FINE if reach <= MAX_ROWS * FINE.length else HOURLY
    return None


def rolled_until(resolution: Resolution) -> datetime:
    """The end of the last period of this length that is rolled up."""
    return resolution.end_before(RollupProgress.objects.values_list("rolled_until", flat=True).get())


def rollups_of(series: int, resolution: Resolution, start: datetime, end: datetime) -> Sequence[RolledPeriod]:
    """The roll-ups of periods that end after `start` and up to `end`, oldest first; the newest MAX_ROWS."""
    with connection.cursor() as cursor:
        cursor.execute(ROLLUPS_SQL.format(table=resolution.table), [series, start, end, MAX_ROWS])
        return [RolledPeriod(*row) for row in cursor.fetchall()][::-1]


def newest_samples(series: int, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """The samples after `start` up to `end`, oldest first; the newest MAX_TAIL."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_SAMPLES_SQL, [series, start, end, MAX_TAIL])
        return list(cursor.fetchall())[::-1]


def value_before(series: int, time: datetime) -> float | None:
    """The value of the last sample at `time`; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(VALUE_BEFORE_SQL, [series, time])
        found = cursor.fetchone()
    return found[0] if found else None


def dropped_until(series: int, start: datetime, end: datetime) -> datetime | None:
    """The time until which the samples from `start` to `end` were dropped, so that only their hourly and daily roll-ups
    are there; None where none were."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_OF_SPAN_SQL, {"series": series, "start": start, "end": end})
        first_hour, first_sample = cursor.fetchone()
    is_dropped = first_hour is not None and (first_sample is None or first_hour < first_sample)
    return (first_sample or end) if is_dropped else None


def is_rolled(end: datetime) -> bool:
    """Whether roll-ups are kept, and not far behind `end`."""
    until = RollupProgress.objects.values_list("rolled_until", flat=True).first()
    return until is not None and until >= end - MAX_BEHIND


def _is_dense(series: int, start: datetime, end: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_DENSE_SQL, [series, start, end, MAX_ROWS + 1])
        return bool(cursor.fetchone()[0] > MAX_ROWS)
