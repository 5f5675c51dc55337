"""Stage 2 of an evaluation: the readings of every metric source, in a temporary table.

A source that raises is recorded with its error; the others continue. Queries of data sources were asked before, outside
of the transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

from rules.data_sources.asking import QueryOutcome
from rules.data_sources.readings import insert_outcomes
from rules.data_sources.watched import query_names
from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.evaluation.series.aggregates import AGGREGATE_TABLES
from rules.evaluation.series.selection import SELECTION_TABLES
from rules.metrics import MetricSource, Query
from rules.metrics.pushed import Pushed
from rules.registries import metrics
from smartagent.kernel.schema_drift import behind, in_words

log = structlog.get_logger(__name__)

# Sorting the names of metrics for a merge join costs more than the join itself.
BY_HASHING = "SET LOCAL enable_mergejoin = off; SET LOCAL work_mem = '64MB'"
CREATE_READING_TABLES = """
DROP TABLE IF EXISTS eval_readings, eval_series, eval_failures, eval_beyond;
CREATE TEMP TABLE eval_readings (metric text, user_id uuid, target text, value float8, observed_at timestamptz);
CREATE TEMP TABLE eval_series (metric text, user_id uuid, target text, labels jsonb, value float8,
                               observed_at timestamptz);
CREATE TEMP TABLE eval_failures (metric text, cause text);
CREATE TEMP TABLE eval_beyond (metric text, user_id uuid, target text);
"""
# A small sample is enough to plan the joins with, and takes a tenth of the time.
ANALYZE = "SET LOCAL default_statistics_target = 10; ANALYZE eval_readings, eval_failures"
TEMPORARY = (
    "eval_readings", "eval_series", "eval_failures", "eval_beyond", "eval_conditions", "eval_values", "eval_verdicts",
    "eval_kinds", "eval_examined", "eval_silenced", "eval_silenced_series", "eval_candidates", "eval_transitions",
    "eval_entries", *SELECTION_TABLES, *AGGREGATE_TABLES,
)  # fmt: skip
# NaN is above Infinity for PostgreSQL; none of the three can be compared with a threshold.
PUT_ASIDE = """
WITH beyond AS (DELETE FROM eval_readings WHERE value >= 'Infinity' OR value = '-Infinity'
                RETURNING metric, user_id, target)
INSERT INTO eval_beyond SELECT metric, user_id, target FROM beyond
"""
# Looks everything up once, and tells how many samples were kept, and how many readings have no series yet.
KEEP_CHANGES = """
WITH changed AS MATERIALIZED (
    SELECT r.value, q.id
      FROM eval_readings r
      LEFT JOIN metric_series q ON q.user_id = r.user_id AND q.metric = r.metric AND q.target = r.target
           AND q.metric = ANY(%(built_in)s)
      LEFT JOIN LATERAL (SELECT s.value FROM metric_samples s
                          WHERE s.series_id = q.id AND s.observed_at <= %(now)s
                          ORDER BY s.observed_at DESC LIMIT 1) last ON true
     WHERE r.metric = ANY(%(built_in)s) AND r.user_id IS NOT NULL AND last.value IS DISTINCT FROM r.value),
kept AS (
    INSERT INTO metric_samples (series_id, observed_at, value)
    SELECT DISTINCT ON (id) id, %(now)s, value FROM changed WHERE id IS NOT NULL
        ON CONFLICT (series_id, observed_at) DO UPDATE SET value = excluded.value RETURNING series_id)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM changed WHERE id IS NULL)
"""
# A statement of its own: row-level security lets nobody write samples of a series that the same statement makes.
MAKE_SERIES = """
INSERT INTO metric_series (user_id, metric, target, labels)
SELECT DISTINCT r.user_id, r.metric, r.target,
       CASE WHEN r.target = '' THEN '{}' ELSE jsonb_build_object('target', r.target) END
  FROM eval_readings r
 WHERE r.metric = ANY(%(built_in)s) AND r.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM metric_series q
                    WHERE q.user_id = r.user_id AND q.metric = r.metric AND q.target = r.target)
    ON CONFLICT DO NOTHING
"""


def gather(
    now: datetime,
    wanted: Collection[str] | None = None,
    person: UUID | None = None,
    outcomes: Sequence[QueryOutcome] = (),
) -> int:
    """Fill eval_readings and eval_failures as of `now`; return the number of readings.

    All readings, or only those of the `wanted` metrics; of everybody, or only those that count for one person; and
    those of queries, of which `outcomes` came.
    """
    _read_known(now, wanted, person, outcomes)
    if wanted is None or any(metric not in metrics for metric in wanted):
        _read_pushed(now, wanted, person)
    _tidy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eval_readings")
        return int(cursor.fetchone()[0])


def gather_known(now: datetime, person: UUID | None = None, outcomes: Sequence[QueryOutcome] = ()) -> None:
    """Fill eval_readings and eval_failures, as `gather`, without pushed metrics."""
    _read_known(now, None, person, outcomes)
    _tidy()


def gather_pushed(now: datetime, person: UUID | None = None, only: str = "") -> None:
    """Add the readings of pushed metrics, as `gather`, of the rules that the SQL condition `only` on r leaves."""
    _read_pushed(now, None, person, only)
    _tidy()


def _read_known(
    now: datetime, wanted: Collection[str] | None, person: UUID | None, outcomes: Sequence[QueryOutcome]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HASHING)
        cursor.execute(CREATE_READING_TABLES)
    for source in metrics:
        if wanted is None or source.kind in wanted:
            _read(source, source.kind, now, person)
    insert_outcomes(outcomes, person)


def _read_pushed(now: datetime, wanted: Collection[str] | None, person: UUID | None, only: str = "") -> None:
    _read(Pushed(known_metrics(), wanted, person, only), "", now, person)


def known_metrics() -> list[str]:
    """The names of all metrics but the pushed ones."""
    return [*(source.kind for source in metrics), *query_names()]


def _tidy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PUT_ASIDE)
        cursor.execute(ANALYZE)


def forget() -> None:
    """Drop the temporary tables: the connection may live for long."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TEMPORARY)}")


def keep_changes(now: datetime) -> int:
    """Store each built-in reading that differs from the last stored one; return their number."""
    with connection.cursor() as cursor:
        cursor.execute(BY_HASHING)
        cursor.execute("SET LOCAL enable_memoize = off")  # every series is looked up once
        params: dict[str, Any] = {"now": now, "built_in": [source.kind for source in metrics]}
        kept, without_series = _keep(cursor, params)
        if without_series:  # hardly ever
            cursor.execute(MAKE_SERIES, params)
            kept += _keep(cursor, params)[0]
    return kept


def _keep(cursor: CursorWrapper, params: Mapping[str, Any]) -> tuple[int, int]:
    cursor.execute(KEEP_CHANGES, params)
    kept, without_series = cursor.fetchone()
    return kept, without_series


def _read(source: MetricSource, metric: str, now: datetime, person: UUID | None) -> None:
    try:
        _insert(source.readings(now), metric, person)
    except Exception as error:  # any error of a source is recorded, and the others continue
        log.warning("metric source failed", metric=source.kind, cause=str(error))
        _put_down(source, metric, cause_of(error))


def _insert(query: Query, metric: str, person: UUID | None) -> None:
    columns = ("%(kind)s" if metric else "metric") + ", user_id, target, value, observed_at"
    # Another application may have written a target that is too long for an index; no rule can name it.
    usable = "value IS NOT NULL AND char_length(target) <= 200"
    sql = f"INSERT INTO eval_readings SELECT {columns} FROM ({query.sql}) AS readings WHERE {usable}"
    # Two queries: each can use an index, both in one cannot.
    whose = [" AND user_id = %(whose)s", " AND user_id IS NULL"] if person else [""]
    with transaction.atomic(), connection.cursor() as cursor:
        for condition in whose:
            cursor.execute(sql + condition, query.params | {"kind": metric, "whose": person})


def _put_down(source: MetricSource, metric: str, cause: str) -> None:
    with connection.cursor() as cursor:
        if metric:
            cursor.execute("INSERT INTO eval_failures VALUES (%s, %s)", [metric, cause])
            return
        sql = f"""INSERT INTO eval_failures SELECT DISTINCT metric_type, %s FROM automation_rules r
                  WHERE {IN_FORCE_SQL} AND NOT metric_type = ANY(%s)"""
        cursor.execute(sql, [cause, [built_in.kind for built_in in metrics]])


def cause_of(error: BaseException) -> str:
    """One line with the error; where a table or column is missing, which one, and the fix."""
    if missing := behind(error):
        return in_words(missing)
    lines = str(error).replace("\0", "").strip().splitlines()
    text = lines[0] if lines else ""
    name = type(error).__name__
    if isinstance(error, DatabaseError):
        return text or name
    return f"{name}: {text}" if text else name
