"""The stored readings of series: which a person has, their newest values, and values at evenly spaced times.

Each is an index look-up, so the time depends on how many are asked for, not on how many samples there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from rules.registries import metrics

SeriesKey = tuple[UUID, str, str]  # person, metric and target

LATEST_SQL = """
SELECT s.metric, s.target, newest.value, newest.observed_at
  FROM (SELECT * FROM metric_series WHERE user_id = %(person)s ORDER BY metric, target LIMIT %(maximum)s) s
 CROSS JOIN LATERAL (
    SELECT value, observed_at FROM metric_samples m
     WHERE m.series_id = s.id AND m.observed_at <= %(now)s
     ORDER BY m.observed_at DESC LIMIT 1) newest
"""
# Whoever has no reading of their own has the platform-wide one.
SERIES_OF = """LEFT JOIN metric_series {alias}
    ON {alias}.user_id {whose} AND {alias}.metric = s.metric AND {alias}.target = s.target"""
VALUE_AT = """SELECT value FROM metric_samples m
               WHERE m.series_id = {series} AND m.observed_at <= t.at
                 AND (s.max_age IS NULL OR m.observed_at > t.at - s.max_age)
               ORDER BY m.observed_at DESC LIMIT 1"""
OWN_SERIES, PLATFORM_SERIES = (
    SERIES_OF.format(alias="q", whose="= s.person"),
    SERIES_OF.format(alias="p", whose="IS NULL"),
)
SAMPLED_SQL = f"""
SELECT s.n, t.k, coalesce(own.value, platform.value)
  FROM unnest(%(people)s::uuid[], %(metrics)s::text[], %(targets)s::text[], %(ages)s::interval[])
       WITH ORDINALITY AS s (person, metric, target, max_age, n)
  {OWN_SERIES}
  {PLATFORM_SERIES}
 CROSS JOIN (SELECT k, %(start)s + k * %(step)s AS at FROM generate_series(1, %(count)s) AS k) t
  LEFT JOIN LATERAL ({VALUE_AT.format(series="q.id")}) own ON true
  LEFT JOIN LATERAL ({VALUE_AT.format(series="p.id AND own.value IS NULL")}) platform ON true
 WHERE coalesce(own.value, platform.value) IS NOT NULL
"""
NEWEST_OF_SQL = f"""
SELECT s.n, coalesce(own.value, platform.value), coalesce(own.observed_at, platform.observed_at)
  FROM unnest(%(people)s::uuid[], %(metrics)s::text[], %(targets)s::text[])
       WITH ORDINALITY AS s (person, metric, target, n)
  {OWN_SERIES}
  {PLATFORM_SERIES}
  LEFT JOIN LATERAL (SELECT value, observed_at FROM metric_samples m
                      WHERE m.series_id = q.id AND m.observed_at <= %(now)s
                      ORDER BY m.observed_at DESC LIMIT 1) own ON true
  LEFT JOIN LATERAL (SELECT value, observed_at FROM metric_samples m
                      WHERE own.value IS NULL AND m.series_id = p.id AND m.observed_at <= %(now)s
                      ORDER BY m.observed_at DESC LIMIT 1) platform ON true
 WHERE coalesce(own.value, platform.value) IS NOT NULL
"""
ITS_SERIES = """(SELECT id FROM metric_series
               WHERE user_id = %(person)s AND metric = %(metric)s AND target = %(target)s)"""
CHANGES_SQL = f"""
(SELECT observed_at, value FROM metric_samples WHERE series_id = {ITS_SERIES} AND observed_at <= %(start)s
  ORDER BY observed_at DESC LIMIT 1)
UNION ALL
(SELECT observed_at, value FROM metric_samples
  WHERE series_id = {ITS_SERIES} AND observed_at > %(start)s AND observed_at <= %(end)s
  ORDER BY observed_at DESC LIMIT %(maximum)s)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestReading:
    """The newest stored reading of a series; of a built-in metric, which holds its value, the last change."""

    metric: str
    target: str
    value: float
    observed_at: datetime


def latest_readings(person: UUID, now: datetime, maximum: int) -> list[LatestReading]:
    """The newest reading of each series of `person`, of at most `maximum` series, by name."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST_SQL, {"person": person, "now": now, "maximum": maximum})
        return [
            LatestReading(metric=metric, target=target, value=value, observed_at=at)
            for metric, target, value, at in cursor.fetchall()
        ]


def newest_of(series: Sequence[SeriesKey], now: datetime) -> list[LatestReading | None]:
    """The newest reading of each of `series`, the platform-wide one where a person has none of their own; None where
    there is none at all."""
    found: list[LatestReading | None] = [None] * len(series)
    if not series:
        return found
    people, names, targets = zip(*series, strict=True)
    params: dict[str, Any] = {
        "people": list(people), "metrics": list(names), "targets": list(targets), "now": now,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_OF_SQL, params)
        for number, value, at in cursor.fetchall():
            _, metric, target = series[number - 1]
            found[number - 1] = LatestReading(metric=metric, target=target, value=value, observed_at=at)
    return found


def sampled(series: Sequence[SeriesKey], start: datetime, end: datetime, count: int) -> list[list[float | None]]:
    """The values of each of `series` at `count` evenly spaced times, the last of them `end`; None where there was no
    usable reading."""
    values: list[list[float | None]] = [[None] * count for _ in series]
    if not series:
        return values
    people, names, targets = zip(*series, strict=True)
    pushed = timedelta(hours=settings.PUSHED_MAX_AGE_HOURS)
    params: dict[str, Any] = {
        "people": list(people), "metrics": list(names), "targets": list(targets),
        "ages": [None if name in metrics else pushed for name in names],
        "start": start, "step": (end - start) / count, "count": count,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SAMPLED_SQL, params)
        for number, moment, value in cursor.fetchall():
            values[number - 1][moment - 1] = value
    return values


def changes_of(key: SeriesKey, start: datetime, end: datetime, maximum: int) -> list[tuple[datetime, float]]:
    """The readings of a series in a period, oldest first, and before them the one that held at its start; the newest
    `maximum` where there are more."""
    person, metric, target = key
    params: dict[str, Any] = {
        "person": person, "metric": metric, "target": target, "start": start, "end": end, "maximum": maximum,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(CHANGES_SQL, params)
        return list(cursor.fetchall())
