"""Counts of feedback on the firings of rules. Only firings that the present threshold would still report count.

So feedback given before a threshold was moved counts only as far as it concerns the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rules.engine.conditions import met_sql
from rules.engine.numeric_range import as_float_sql
from rules.health.check import before, owner_of
from rules.health.precision import Precision

FEEDBACK_SPAN = "90 days"
# The value of an entry as a number; other programs may have written anything there.
FEEDBACK_VALUE_SQL = f"""(CASE WHEN jsonb_typeof(e.context->'value') = 'number'
             THEN {as_float_sql("(e.context->>'value')::numeric")} END)"""
STILL_FIRES = met_sql(FEEDBACK_VALUE_SQL, "r.condition_operator", as_float_sql("r.threshold_value"))
MATCHING_FEEDBACK_SQL = f"""
    e.context->>'metric' = r.metric_type AND f.created_at > {before(FEEDBACK_SPAN)} AND f.created_at <= %(now)s
    AND ({FEEDBACK_VALUE_SQL} IS NULL OR {STILL_FIRES} OR (r.match = 'any' AND r.more_conditions <> '[]'))
"""
# Over the relation `rules`.
FEEDBACK_BY_RULE_SQL = f"""
SELECT f.rule_id, count(*) FILTER (WHERE f.useful) AS useful, count(*) FILTER (WHERE NOT f.useful) AS noise
  FROM rule_feedback f JOIN rules r ON r.id = f.rule_id JOIN agent_activity_log e ON e.id = f.entry_id
 WHERE {MATCHING_FEEDBACK_SQL} GROUP BY f.rule_id
"""
OF_RULES = f"WITH rules AS (SELECT * FROM automation_rules WHERE id = ANY(%(rules)s)) {FEEDBACK_BY_RULE_SQL}"
FEEDBACK_OF_OWNER_SQL = f"""
WITH rules AS NOT MATERIALIZED (SELECT * FROM automation_rules
                                 WHERE deleted_at IS NULL AND (%(owner)s::uuid IS NULL OR user_id = %(owner)s))
SELECT coalesce(sum(useful), 0), coalesce(sum(noise), 0) FROM ({FEEDBACK_BY_RULE_SQL}) AS counted
"""
FEEDBACK_READINGS_SQL = f"""
SELECT {FEEDBACK_VALUE_SQL}, f.useful, coalesce(e.context->>'person', ''), e.created_at
  FROM rule_feedback f JOIN automation_rules r ON r.id = f.rule_id
  JOIN agent_activity_log e ON e.id = f.entry_id
 WHERE r.id = %(rule)s AND {MATCHING_FEEDBACK_SQL} AND {FEEDBACK_VALUE_SQL} IS NOT NULL
 ORDER BY e.created_at DESC LIMIT {{maximum}}
"""
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class JudgedFiring:
    """Feedback on one firing: its reading, the person it was about (an id, as text) and when it fired."""

    value: float
    useful: bool
    person: str
    at: datetime


def precision_of(rules: Sequence[UUID], now: datetime) -> dict[UUID, Precision]:
    """The precision of each of `rules` with feedback."""
    with connection.cursor() as cursor:
        cursor.execute(OF_RULES, {"rules": list(rules), "now": now})
        return {rule: Precision(useful, noise) for rule, useful, noise in cursor.fetchall()}


def judged_firings(rule: UUID, now: datetime) -> list[JudgedFiring]:
    """The firings of a rule with feedback and a reading, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(FEEDBACK_READINGS_SQL.format(maximum=MAX_ENTRIES), {"rule": rule, "now": now})
        return [JudgedFiring(float(value), *rest) for value, *rest in cursor.fetchall()]


def judged_by(user: Any, now: datetime) -> Precision:
    """The feedback on all rules that `user` sees, in total."""
    with connection.cursor() as cursor:
        cursor.execute(FEEDBACK_OF_OWNER_SQL, {"owner": owner_of(user), "now": now})
        useful, noise = cursor.fetchone()
    return Precision(int(useful), int(noise))
