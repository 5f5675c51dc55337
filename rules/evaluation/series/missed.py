"""Counts the evaluations in which the series of an instance had no reading: after two it is resolved."""

from typing import Any

from django.db import connection

from rules.evaluation.series.selection import OF_SERIES
from rules.evaluation.series.verdicts import OF_ONE_SERIES, instances_sql
from rules.evaluation.verdict_queries import TRUSTED

COUNT_MISSED = f"""
WITH watched AS (
    SELECT s.id, EXISTS ({instances_sql()}) AS has_reading
      FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id
      JOIN eval_selectors e ON e.metric = r.metric_type AND e.matchers = r.matchers AND e.cause IS NULL
     WHERE {TRUSTED} AND {OF_SERIES} AND {OF_ONE_SERIES} AND s.condition <> 'ok' {{only}})
UPDATE rule_states s SET missed = CASE WHEN w.has_reading THEN 0 ELSE least(s.missed + 1, 2) END
  FROM watched w WHERE w.id = s.id AND (NOT w.has_reading OR s.missed > 0)
"""


def count_missed(only: str, params: dict[str, Any]) -> int:
    """Count, for the rules that the SQL condition `only` on r leaves, after their candidates were found."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_MISSED.format(only=only), params)
        return int(cursor.rowcount)
