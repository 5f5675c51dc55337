"""The stored readings of the metrics that a rule watches, as series by person."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from rules.backtesting.observations import Key, RuleConditions
from rules.data_sources.history import query_history
from rules.engine.reducers import Series, series_of
from rules.registries import metrics

SERIES_PER_QUERY = 20  # people whose readings are in memory at a time
# The readings of a span of time, and of each series the last one before it.
SERIES_SQL = """
WITH series AS MATERIALIZED (
    SELECT id, user_id, metric, target FROM metric_series
     WHERE {whose} AND (metric, target) IN (SELECT * FROM unnest(%(metrics)s::text[], %(targets)s::text[])))
SELECT series.user_id, series.metric, series.target, s.observed_at, s.value
  FROM series JOIN metric_samples s ON s.series_id = series.id
   AND s.observed_at > %(start)s AND s.observed_at <= %(end)s
UNION ALL
SELECT series.user_id, series.metric, series.target, before.*
  FROM series CROSS JOIN LATERAL (
    SELECT s.observed_at, s.value FROM metric_samples s WHERE s.series_id = series.id AND s.observed_at <= %(start)s
     ORDER BY s.observed_at DESC LIMIT 1) AS before
 ORDER BY 1, 2, 3, 4, 5
"""
OF_PEOPLE, OF_PLATFORM = "user_id = ANY(%(people)s)", "user_id IS NULL"


def readings(
    watched: RuleConditions, people: Sequence[UUID], start: datetime, end: datetime
) -> Iterator[tuple[UUID, dict[Key, Series], dict[Key, Series]]]:
    """Yield each of `people` with their own series and the platform-wide ones between `start` and `end`;
    HistoryUnavailable where a data source does not give its own."""
    span, keys = reach(watched, start, end), sorted({condition.key for condition in watched.conditions})
    asked = asked_series(watched, *span)
    platform = series_of_keys(keys, *span, None).get(None, {}) | asked.get(None, {})
    for first in range(0, len(people), SERIES_PER_QUERY):
        some = people[first : first + SERIES_PER_QUERY]
        own = series_of_keys(keys, *span, some)
        for person in some:
            yield person, own.get(person, {}) | asked.get(person, {}), platform


def asked_series(watched: RuleConditions, start: datetime, end: datetime) -> dict[UUID | None, dict[Key, Series]]:
    """The history of those metrics that are queries, by person; HistoryUnavailable where a data source has none."""
    if not watched.queries:
        return {}
    found = query_history(watched.queries, start, end, watched.interval)
    return {person: {key: series_of(points) for key, points in series.items()} for person, series in found.items()}


def series_of_keys(
    keys: Sequence[Key], start: datetime, end: datetime, people: Sequence[UUID] | None
) -> dict[UUID | None, dict[Key, Series]]:
    """The series with these keys, by person; the platform's where `people` is None."""
    params: dict[str, Any] = {
        "metrics": [key[0] for key in keys], "targets": [key[1] for key in keys], "start": start, "end": end,
        "people": None if people is None else list(people),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SERIES_SQL.format(whose=OF_PLATFORM if people is None else OF_PEOPLE), params)
        rows = cursor.fetchall()
    found: dict[UUID | None, dict[Key, Series]] = {}
    for (person, metric, target), group in groupby(rows, key=lambda row: row[:3]):
        samples = [(row[3], row[4]) for row in group]
        found.setdefault(person, {})[metric, target] = series_of(samples, held=metric in metrics)
    return found


def reach(watched: RuleConditions, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The times from and until which readings are needed: windows and maximum ages reach back before `start`."""
    back = max([condition.reach for condition in watched.conditions] + [age for age in watched.max_age.values() if age])
    return start - back, end
