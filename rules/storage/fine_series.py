"""Series as roll-ups of 5 minutes, complete to the last reading: hours that are to be rolled up again, and what is not
rolled up yet, are rolled up on the way."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from rules.models.rollups import ROLLED_SAMPLES, period_end_sql
from rules.storage.rollup_series import FINE, RolledPeriod, rolled_until

RolledSeriesKey = tuple[UUID | None, str, str]  # person, metric, target
FINE_SERIES_SQL = f"""
WITH series AS MATERIALIZED (
    SELECT id, user_id, metric, target FROM metric_series
     WHERE {{whose}} AND (metric, target) IN (SELECT * FROM unnest(%(metrics)s::text[], %(targets)s::text[]))),
     late AS MATERIALIZED (
    SELECT l.series AS series_id, l.ended_at - interval '1 hour' AS after, l.ended_at AS until
      FROM metric_rollup_late l JOIN series ON series.id = l.series
     WHERE l.ended_at > %(start)s AND l.ended_at <= %(until)s),
     spans AS (SELECT * FROM late UNION ALL SELECT id, greatest(%(until)s, %(start)s), %(end)s FROM series),
     periods AS (
    SELECT r.series_id, r.ended_at, r.min, r.max, r.sum, r.count, r.last FROM {FINE.table} r
     WHERE r.series_id = ANY(ARRAY(SELECT id FROM series)) AND r.ended_at > %(start)s
       AND r.ended_at <= least(%(until)s, %(end)s)
       AND NOT EXISTS (SELECT FROM late l
                        WHERE l.series_id = r.series_id AND r.ended_at > l.after AND r.ended_at <= l.until)
     UNION ALL
    SELECT spans.series_id, rolled.* FROM spans
     CROSS JOIN LATERAL (
        SELECT {period_end_sql("5 minutes", "observed_at")}, {ROLLED_SAMPLES} FROM metric_samples s
         WHERE s.series_id = spans.series_id AND s.observed_at > spans.after AND s.observed_at <= spans.until
         GROUP BY 1) AS rolled)
SELECT series.user_id, series.metric, series.target,
       periods.ended_at, periods.min, periods.max, periods.sum, periods.count, periods.last
  FROM series JOIN periods ON periods.series_id = series.id
 ORDER BY 1, 2, 3, 4
"""
OF_PEOPLE, OF_PLATFORM = "user_id = ANY(%(people)s)", "user_id IS NULL"
IS_LATE_SQL = """
SELECT EXISTS (SELECT FROM metric_rollup_late l JOIN metric_series q ON q.id = l.series
                WHERE q.metric = %s AND l.ended_at > %s AND l.ended_at < %s + interval '1 hour')"""
VALUES_SQL = """
SELECT s.value FROM metric_samples s JOIN metric_series q ON q.id = s.series_id
 WHERE q.metric = %s AND q.target = %s AND q.user_id IS NOT DISTINCT FROM %s
   AND s.observed_at > %s AND s.observed_at <= %s"""


def fine_series(
    keys: Sequence[tuple[str, str]], start: datetime, end: datetime, people: Sequence[UUID] | None
) -> Iterator[tuple[RolledSeriesKey, list[RolledPeriod]]]:
    """The periods that end after `start` of the series with these keys (metric and target), the oldest first; those of
    the platform where `people` is None. The roll-ups must have begun."""
    params: dict[str, Any] = {
        "metrics": [key[0] for key in keys], "targets": [key[1] for key in keys], "start": start, "end": end,
        "until": rolled_until(FINE), "people": None if people is None else list(people),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FINE_SERIES_SQL.format(whose=OF_PLATFORM if people is None else OF_PEOPLE), params)
        rows = cursor.fetchall()
    for key, group in groupby(rows, key=lambda row: row[:3]):
        yield key, [RolledPeriod(*row[3:]) for row in group]


def values_between(key: RolledSeriesKey, start: datetime, end: datetime) -> list[float]:
    """The samples of a series after `start` and up to `end`."""
    person, metric, target = key
    with connection.cursor() as cursor:
        cursor.execute(VALUES_SQL, [metric, target, person, start, end])
        return [value for (value,) in cursor.fetchall()]


def is_late(metric: str, start: datetime, end: datetime) -> bool:
    """Whether roll-ups of a series of the metric between `start` and `end` are to be made again."""
    with connection.cursor() as cursor:
        cursor.execute(IS_LATE_SQL, [metric, start, end])
        return bool(cursor.fetchone()[0])
