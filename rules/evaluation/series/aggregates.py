"""The verdicts of rules on series that have a window, further conditions or groups: table eval_series_verdicts.

As in PromQL a series is reduced over its window first, and the series of a group are aggregated afterwards.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from rules.engine.numeric_range import LARGEST_VALUE, TOO_FAR
from rules.evaluation.composite import composite_params, conditions_sql, reduced_sql, verdicts_sql
from rules.evaluation.series.selection import IS_CHOSEN, OF_SERIES
from rules.evaluation.verdict_queries import HAS_ONE_READING, TRUSTED

ON_EACH_READING = f"{OF_SERIES} AND r.series_mode = 'each' AND {HAS_ONE_READING}"
AGGREGATED = f"{TRUSTED} AND {OF_SERIES} AND NOT (r.series_mode = 'each' AND {HAS_ONE_READING})"
AGGREGATE_TABLES = ("eval_series_conditions", "eval_series_values", "eval_series_groups", "eval_series_verdicts")
CREATE_AGGREGATE_TABLES = f"""
DROP TABLE IF EXISTS {", ".join(AGGREGATE_TABLES)};
CREATE TEMP TABLE eval_series_values (rule_id uuid, subject_id uuid, n int, target text, labels jsonb, value float8,
                                      observed_at timestamptz);
CREATE TEMP TABLE eval_series_groups (rule_id uuid, subject_id uuid, target text, labels jsonb, place int8);
CREATE TEMP TABLE eval_series_verdicts (rule_id uuid, subject_id uuid, target text, labels jsonb, verdict text,
       cause text, value float8, observed_at timestamptz, worsens bool, conditions jsonb);
"""
CONDITIONS = """
SELECT c.*, r.series_mode, r.group_by, r.series_aggregate, e.selector, e.cause AS failure
  FROM ({conditions}) AS c JOIN automation_rules r ON r.id = c.rule_id
  LEFT JOIN eval_selectors e ON e.metric = c.metric AND e.matchers = r.matchers
                            AND (c.n = 0 OR (c.target = '' AND NOT c.metric = ANY(%(built_in)s)))
"""
# The platform's series stand for the owner of the rule, unless that person has the same series.
SERIES_SUBJECT = "coalesce(l.user_id, c.owner_id)"
IS_WATCHED = """(l.user_id IS NULL OR l.user_id = c.owner_id
            OR (c.applies_to = 'everyone' AND EXISTS (SELECT FROM smartagent_users u
                                                       WHERE u.id = l.user_id AND u.is_active)))"""
LATEST = f"""
SELECT c.rule_id, c.owner_id, c.n, c.series_mode, c.group_by, c.series_aggregate, {SERIES_SUBJECT} AS subject_id,
       l.user_id IS NULL AS shared, l.target, l.labels, l.value, l.observed_at
  FROM eval_series_conditions c JOIN eval_live l ON l.selector = c.selector
 WHERE c.reducer = 'last' AND {IS_WATCHED}
"""
_CHOSEN = IS_CHOSEN.format(labels="q.labels")


def _reduced(reducers: Collection[str]) -> str:
    """The values of windows: of each series and each way to reduce it once."""
    return f"""
    WITH wanted AS (SELECT DISTINCT selector, metric, reducer, parameter, reach AS span FROM eval_series_conditions
                     WHERE reducer <> 'last' AND selector IS NOT NULL AND failure IS NULL),
         w AS (SELECT e.*, q.id AS series_id, q.user_id, q.target, q.labels
                 FROM wanted e JOIN metric_series q ON q.metric = e.metric AND {_CHOSEN}),
         reduced AS MATERIALIZED (
              SELECT w.*, coalesce({reduced_sql("w.series_id", reducers)},
                                   CASE w.reducer WHEN 'count' THEN 0 WHEN 'absent' THEN 1 END) AS value FROM w)
    SELECT c.rule_id, c.owner_id, c.n, c.series_mode, c.group_by, c.series_aggregate, {SERIES_SUBJECT} AS subject_id,
           l.user_id IS NULL AS shared, l.target, l.labels, l.value, %(now)s::timestamptz AS observed_at
      FROM eval_series_conditions c
      JOIN reduced l ON l.selector = c.selector AND l.reducer = c.reducer AND l.parameter = c.parameter
                    AND l.span = c.reach
     WHERE l.value IS NOT NULL AND {IS_WATCHED}"""


KEY = r"""(SELECT CASE count(*) WHEN 0 THEN ''
       ELSE '{' || string_agg(p.key || '="' || replace(replace(replace(p.value, '\', '\\'), '"', '\"'), chr(10), '\n')
                              || '"', ',' ORDER BY p.key COLLATE "C") || '}' END
  FROM jsonb_each_text(g.labels) AS p)"""
GROUP_KEY = f"""CASE WHEN g.labels ?& '{{target}}' AND NOT starts_with(g.labels->>'target', '{{')
                      AND g.labels - 'target' = '{{}}' THEN g.labels->>'target' ELSE {KEY} END"""
GROUP_LABELS = """(SELECT coalesce(jsonb_object_agg(p.key, p.value), '{}') FROM jsonb_each_text(f.labels) AS p
                    WHERE f.group_by @> to_jsonb(p.key) AND p.value <> '')"""
AGGREGATE = f"""CASE WHEN max(abs(g.value)) > {LARGEST_VALUE} THEN 'NaN' ELSE CASE min(g.series_aggregate)
    WHEN 'avg' THEN avg(g.value) FILTER (WHERE abs(g.value) <= {LARGEST_VALUE})
    WHEN 'min' THEN min(g.value) WHEN 'max' THEN max(g.value) WHEN 'count' THEN count(g.value)
    ELSE sum(g.value) FILTER (WHERE abs(g.value) <= {LARGEST_VALUE}) END END"""


def _filling(reducers: Collection[str]) -> str:
    return f"""
WITH found AS (SELECT * FROM ({LATEST}) AS latest UNION ALL SELECT * FROM ({_reduced(reducers)}) AS reduced),
     own AS (SELECT f.* FROM found f
              WHERE NOT (f.shared AND EXISTS (
                    SELECT FROM found o WHERE NOT o.shared AND o.rule_id = f.rule_id AND o.n = f.n
                                          AND o.subject_id = f.subject_id AND o.target = f.target))),
     g AS (SELECT f.*, {GROUP_LABELS} AS of_group FROM own f WHERE f.series_mode = 'by')
INSERT INTO eval_series_values
SELECT rule_id, subject_id, n, target, labels, value, observed_at FROM own WHERE series_mode <> 'by'
UNION ALL
SELECT g.rule_id, g.subject_id, g.n, {GROUP_KEY}, g.labels, {AGGREGATE}, max(g.observed_at)
  FROM (SELECT rule_id, subject_id, n, of_group AS labels, series_aggregate, value, observed_at FROM g) AS g
 GROUP BY g.rule_id, g.subject_id, g.n, g.labels
"""


FILL_GROUPS = """
INSERT INTO eval_series_groups
SELECT rule_id, subject_id, target, labels, row_number() OVER (PARTITION BY rule_id, subject_id ORDER BY target)
  FROM eval_series_values WHERE n = 0
"""
READ_GROUPS = f"""
SELECT c.rule_id, c.n, c.match, c.metric, c.reducer, c.span, c.operator, c.threshold, c.recovery, c.critical,
       c.parameter, i.subject_id, i.target AS instance, i.labels,
       CASE WHEN c.selector IS NULL THEN c.target ELSE i.target END AS target,
       CASE WHEN c.selector IS NULL THEN coalesce(own.value, platform.value)
            WHEN v.value < 'Infinity' AND v.value > '-Infinity' THEN v.value END AS value,
       CASE WHEN v.value >= 'Infinity' OR v.value = '-Infinity' THEN '{TOO_FAR}'
            ELSE coalesce(c.failure, f.cause) END AS cause,
       CASE WHEN c.selector IS NULL THEN coalesce(own.observed_at, platform.observed_at) ELSE v.observed_at END
       AS observed_at
  FROM eval_series_groups i JOIN eval_series_conditions c ON c.rule_id = i.rule_id
  LEFT JOIN eval_series_values v ON v.rule_id = i.rule_id AND v.subject_id = i.subject_id AND v.n = c.n
                                AND v.target = i.target
  LEFT JOIN eval_readings own ON c.selector IS NULL AND c.reducer = 'last' AND own.metric = c.metric
                             AND own.target = c.target AND own.user_id = i.subject_id
  LEFT JOIN eval_readings platform ON c.selector IS NULL AND c.reducer = 'last' AND platform.metric = c.metric
                                  AND platform.target = c.target AND platform.user_id IS NULL
  LEFT JOIN eval_failures f ON c.selector IS NULL AND c.reducer = 'last' AND f.metric = c.metric
 WHERE i.place <= %(limit)s
"""
FILL_VERDICTS = f"""
INSERT INTO eval_series_verdicts
SELECT rule_id, subject_id, instance, labels, verdict, cause, value, observed_at, worsens, conditions
  FROM ({verdicts_sql(READ_GROUPS, "rule_id, subject_id, instance, labels")}) AS judged
"""


def judge_series(now: datetime, only: str, params: dict[str, Any], *, again: bool = False) -> int:
    """Fill eval_series_verdicts for the aggregated rules that the SQL condition `only` leaves; return the number of
    instances. The tables of `rules.evaluation.series.selection` must be filled; with `again` they are emptied first."""
    given = params | composite_params(now) | {"limit": settings.MAX_INSTANCES_PER_RULE}
    conditions = CONDITIONS.format(conditions=conditions_sql(AGGREGATED, only))
    with connection.cursor() as cursor:
        if again:
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in AGGREGATE_TABLES))
            cursor.execute(f"INSERT INTO eval_series_conditions {conditions}", given)
        else:
            cursor.execute(CREATE_AGGREGATE_TABLES)
            cursor.execute(f"CREATE TEMP TABLE eval_series_conditions AS {conditions}", given)
        if not cursor.rowcount:
            return 0
        cursor.execute("ANALYZE eval_series_conditions")
        cursor.execute("SELECT DISTINCT reducer FROM eval_series_conditions")
        reducers = {reducer for (reducer,) in cursor.fetchall()}
        cursor.execute(_filling(reducers), given)
        cursor.execute("ANALYZE eval_series_values")
        cursor.execute(FILL_GROUPS)
        cursor.execute("ANALYZE eval_series_groups")
        cursor.execute(FILL_VERDICTS, given)
        return int(cursor.rowcount)
