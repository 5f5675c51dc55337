"""The fast path of a backtest over many people, for one simple condition on a pushed metric: PostgreSQL finds the runs
of breaching readings, and only their edges are loaded."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from rules.backtesting.observations import Condition
from rules.backtesting.simulation import ObservationAt
from rules.engine.conditions import IN_PYTHON
from rules.engine.states import Observation
from rules.storage.fine_series import is_late
from rules.storage.rollup_series import FINE, rolled_until

Edge = tuple[
    UUID, datetime, bool, bool, datetime | None, bool
]  # person, time, met, critical, time of the next one, whether that breaches
OBSERVATION_TYPES = ("uuid", "timestamptz", "bool", "bool", "timestamptz", "bool")

# The newest reading at an evaluation is the last one of a roll-up (rules.backtesting.rolled_series).
ROLLED_SAMPLES_SQL = """(
    SELECT series_id, ended_at AS observed_at, last AS value FROM metric_rollups_5m WHERE ended_at <= %(until)s
     UNION ALL
    SELECT series_id, observed_at, value FROM metric_samples WHERE observed_at > %(until)s)"""
FROM_SERIES = """{samples} s JOIN metric_series q
      ON q.id = s.series_id AND q.metric = %(metric)s AND q.target = %(target)s AND q.user_id IS NOT NULL
   WHERE s.observed_at > %(start)s AND s.observed_at <= %(end)s"""
# Groups breaching samples that are less than an hour apart, and reads the samples of each group, and the next one, by
# the index: where few samples breach, most of the series is not read again.
SPARSE_OBSERVATIONS_SQL = """
SELECT s.series_id, s.observed_at, s.met, s.critical, s.breaks AND s.observed_at <= span.last AS breaks,
       lag(s.observed_at) OVER later AS next_at, coalesce(lag(s.breaks) OVER later, false) AS next_breaks
  FROM (SELECT series_id, min(observed_at) AS first, max(observed_at) AS last
          FROM (SELECT *, count(*) FILTER (WHERE is_far) OVER (PARTITION BY series_id ORDER BY observed_at) AS number
                  FROM (SELECT s.series_id, s.observed_at,
                               s.observed_at > lag(s.observed_at) OVER of_series + interval '1 hour' AS is_far
                          FROM {series} AND {breaks}
                        WINDOW of_series AS (PARTITION BY s.series_id ORDER BY s.observed_at)) AS breaching) AS numbered
         GROUP BY series_id, number) AS span
 CROSS JOIN LATERAL (
    SELECT s.series_id, s.observed_at, {met} AS met, {critical} AS critical, {breaks} AS breaks FROM {series}
       AND s.series_id = span.series_id AND s.observed_at BETWEEN span.first AND span.last
    UNION ALL
   (SELECT s.series_id, s.observed_at, {met}, {critical}, {breaks} FROM {series}
       AND s.series_id = span.series_id AND s.observed_at > span.last
     ORDER BY s.observed_at LIMIT 1)) AS s
WINDOW later AS (PARTITION BY s.series_id, span.first ORDER BY s.observed_at DESC)
"""
# The same over all samples, in the order of the index: faster where many breach.
ALL_OBSERVATIONS_SQL = """
SELECT s.series_id, s.observed_at, {met} AS met, {critical} AS critical, {breaks} AS breaks,
       lag(s.observed_at) OVER later AS next_at, coalesce(lag({breaks}) OVER later, false) AS next_breaks
  FROM {series}
WINDOW later AS (PARTITION BY s.series_id ORDER BY s.observed_at DESC)
"""
# A run continues with the next sample where that breaches too and comes before the maximum age.
EDGES = """
SELECT q.user_id, observed_at, met, critical, next_at, next_breaks FROM (
    SELECT *, lag(goes_on) OVER of_series AS went_on, lag(met) OVER of_series AS was_met,
           lag(critical) OVER of_series AS was_critical
      FROM (SELECT *, next_breaks AND next_at < observed_at + %(max_age)s AS goes_on
              FROM ({samples}) AS samples WHERE breaks) AS runs
    WINDOW of_series AS (PARTITION BY series_id ORDER BY observed_at)) AS edges
  JOIN metric_series q ON q.id = edges.series_id
 WHERE NOT coalesce(went_on, false) OR NOT coalesce(goes_on, false) OR met <> was_met OR critical <> was_critical
 ORDER BY q.user_id, observed_at
"""
SPARSE = 0.05  # the share of breaching readings up to which SPARSE_OBSERVATIONS_SQL is faster


def runs(
    condition: Condition, start: datetime, end: datetime, max_age: timedelta, *, of_rollups: bool = False
) -> Iterator[tuple[UUID, list[Edge]]]:
    """Yield the edges of the runs of breaching readings between `start` and `end`, person by person; from roll-ups with
    `of_rollups`, unless some are to be made again.

    The connection is in use until the last one is taken.
    """
    params: dict[str, Any] = {
        "metric": condition.metric, "target": condition.target, "start": start, "end": end, "max_age": max_age,
        "threshold": condition.threshold, "recovery": condition.recovery, "critical": condition.critical,
    }  # fmt: skip
    if of_rollups and not is_late(condition.metric, start, end):
        params["until"] = rolled_until(FINE)
    parts = _parts(condition, ROLLED_SAMPLES_SQL if "until" in params else "metric_samples")
    samples = (SPARSE_OBSERVATIONS_SQL if _breach_share(parts, params) < SPARSE else ALL_OBSERVATIONS_SQL).format(
        **parts
    )
    # COPY streams rows, as a server-side cursor does; but only COPY allows parallel workers.
    statement = f"COPY ({EDGES.replace('{samples}', samples)}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement, params) as copy:
        copy.set_types(OBSERVATION_TYPES)
        for person, edges in groupby(copy.rows(), key=lambda edge: edge[0]):
            yield person, list(edges)


def seen_in(edges: Sequence[Edge], moments: Sequence[datetime], max_age: timedelta) -> Iterator[ObservationAt]:
    """The observations at `moments` of a person with these runs; none before the first run."""
    for _, at, met, critical, next_at, next_breaks in edges:
        yield ObservationAt(bisect_left(moments, at), Observation("met" if met else "held", critical=critical))
        too_old = at + max_age
        if next_at is None or next_at >= too_old:
            yield ObservationAt(bisect_left(moments, too_old), Observation("missing"))
        if next_at is not None and not next_breaks:
            yield ObservationAt(bisect_left(moments, next_at), Observation("clear"))


def _parts(condition: Condition, samples: str) -> dict[str, str]:
    if condition.operator not in IN_PYTHON:
        raise ValueError(f"{condition.operator!r} is not an operator.")
    symbol = "<>" if condition.operator == "!=" else condition.operator
    met = f"s.value {symbol} %(threshold)s"
    held = met if condition.recovery is None else f"({met} OR s.value {symbol} %(recovery)s)"
    critical = "false" if condition.critical is None else f"({met} AND s.value {symbol} %(critical)s)"
    return {"met": f"({met})", "breaks": held, "critical": critical, "series": FROM_SERIES.format(samples=samples)}


def _breach_share(parts: dict[str, str], params: dict[str, Any]) -> float:
    """The share of breaching readings in the series, 0 to 1, estimated from PostgreSQL's statistics."""
    rows = [
        _estimate(f"SELECT FROM {parts['series']} AND {condition}", params) for condition in (parts["breaks"], "true")
    ]
    return rows[0] / max(rows[1], 1)


def _estimate(sql: str, params: dict[str, Any]) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    return float((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])
