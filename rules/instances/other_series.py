"""What else moved: the series of a person that left their usual range most in the hour around a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from rules.instances.strips import path_of, scale_of
from rules.metrics.history import sampled
from rules.models import RuleState
from rules.registries import metrics
from rules.text.phrases import metric_name, number

AROUND = timedelta(minutes=30)  # before and after
USUAL_DAYS = timedelta(days=7)
SHOWN_BEFORE, SHOWN_AFTER, SHOWN_POINTS = timedelta(hours=6), timedelta(hours=1), 56
USUAL_POINTS, MIN_POINTS = 84, 5
MAX_SERIES_SEARCHED, MAX_SAMPLES, MAX_MOVED = 200, 1000, 5
# The usual range is that of evenly spaced times, as a built-in metric holds its value, and only its changes are stored.
# The range of a constant is as wide as a hundredth of its value.
MOVED_SQL = """
WITH found AS (
    SELECT s.metric, s.target, u.q[1] AS low, u.q[2] AS middle, u.q[3] AS high, e.value,
           abs(e.value - u.q[2]) / greatest(u.q[3] - u.q[1], abs(u.q[2]) / 100, 1e-9) AS moved
      FROM (SELECT * FROM metric_series WHERE user_id = %(person)s ORDER BY metric, target LIMIT %(series)s) s
     CROSS JOIN LATERAL (
        SELECT percentile_cont(ARRAY[0.05, 0.5, 0.95]) WITHIN GROUP (ORDER BY value) AS q, count(*) AS n
          FROM generate_series(0, %(points)s) AS k
         CROSS JOIN LATERAL (
               SELECT value FROM metric_samples m
                WHERE m.series_id = s.id AND m.observed_at <= %(usual)s + k * %(step)s
                ORDER BY m.observed_at DESC LIMIT 1) x) u
     CROSS JOIN LATERAL (
        SELECT value FROM (SELECT value FROM metric_samples m
                            WHERE m.series_id = s.id AND m.observed_at > %(start)s AND m.observed_at <= %(end)s
                            ORDER BY m.observed_at DESC LIMIT %(samples)s) x
         ORDER BY abs(x.value - u.q[2]) DESC LIMIT 1) e
     WHERE u.n >= %(few)s AND (s.metric, s.target) <> (%(metric)s, %(target)s))
SELECT metric, target, low, high, value FROM found
 WHERE value < low OR value > high ORDER BY moved DESC, metric, target LIMIT %(maximum)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedSeries:
    """A series that left its usual range: the farthest reading, that range, and the hours around as a line."""

    name: str
    target: str
    value: str
    usual: str
    path: str


def other_series(state: RuleState, at: datetime, now: datetime) -> list[MovedSeries]:
    """The other series of the person of `state` that moved most around `at`, the most first: two queries."""
    rows = _found(state, at, min(at + AROUND, now))
    keys = [(state.user_id, metric, target) for metric, target, *_ in rows]
    lines = sampled(keys, at - SHOWN_BEFORE, min(at + SHOWN_AFTER, now), SHOWN_POINTS)
    return [
        MovedSeries(
            name=metric_name(metric), target=target, value=number(value),
            usual=f"{number(round(low, 4))} to {number(round(high, 4))}",
            path=path_of(line, scale_of(line), held=metric in metrics),
        )
        for (metric, target, low, high, value), line in zip(rows, lines, strict=True)
    ]  # fmt: skip


def _found(state: RuleState, at: datetime, end: datetime) -> list[tuple[str, str, float, float, float]]:
    params: dict[str, Any] = {
        "person": state.user_id, "metric": state.rule.metric_type, "target": state.target,
        "usual": at - AROUND - USUAL_DAYS, "start": at - AROUND, "end": end, "series": MAX_SERIES_SEARCHED,
        "samples": MAX_SAMPLES, "few": MIN_POINTS, "points": USUAL_POINTS,
        "step": USUAL_DAYS / USUAL_POINTS, "maximum": MAX_MOVED,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(MOVED_SQL, params)
        return list(cursor.fetchall())
