"""Permissions of a rule by the rights of its owner, checked at each evaluation, whichever form, API or application
wrote the rule. As SQL on a rule r, set-based."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from rules.engine.evaluated_rules import ACTING_SQL
from smartagent.kernel.scope import everyone_sql

# People who may watch everyone, and notify others than themselves.
OPERATOR_IDS_SQL = f"(SELECT u.id FROM smartagent_users u WHERE {everyone_sql('u')})"
MAY_WATCH = f"(r.applies_to = 'owner' OR r.user_id IN {OPERATOR_IDS_SQL})"
IS_TRUSTED = f"(r.written_by = '' AND {MAY_WATCH})"
# A rule does what it may, with its owner o, when that is done, not when it was decided.
MAY_ACT = f"{ACTING_SQL} AND {IS_TRUSTED}"

NOT_AN_OPERATOR = (
    "Only operators can watch everyone, and the owner of this rule is not an operator, so the rule is not evaluated."
    " Assign the rule to an operator, or let it watch only its owner."
)
FROM_OUTSIDE = (
    "This rule was written outside Smart Agent by somebody who is neither its owner nor an operator."
    " It is not evaluated until its owner or an operator saves it."
)
# Why a rule that is not trusted is not evaluated.
REFUSAL = f"CASE WHEN r.written_by <> '' THEN '{FROM_OUTSIDE}' ELSE '{NOT_AN_OPERATOR}' END"

# What those whom a rule notifies get of it: where that is as its newest version has it, who saved that answers for it.
_CONTENT = (
    "user_id", "rule_name", "metric_type", "condition_operator", "threshold_value", "target_integration",
    "series_mode", "matchers", "group_by",
    "action_type", "action_config",
)  # fmt: skip
MAY_NOTIFY = f"""
SELECT r.id FROM automation_rules r JOIN smartagent_users o ON o.id = r.user_id
 WHERE r.id = ANY(%s) AND r.written_by = '' AND ({everyone_sql("o")} OR EXISTS (
       SELECT FROM (SELECT * FROM automation_rules_history h WHERE h.id = r.id ORDER BY h.history_id DESC LIMIT 1) v
         JOIN smartagent_users s ON s.id = v.history_user_id
        WHERE {everyone_sql("s")}
          AND ({", ".join(f"v.{name}" for name in _CONTENT)})
              IS NOT DISTINCT FROM ({", ".join(f"r.{name}" for name in _CONTENT)})))
"""


def may_notify_others(rules: Iterable[UUID]) -> set[UUID]:
    """Those of `rules` that may notify others than their owner: an operator owns them, or saved the present version."""
    asked = list(rules)
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(MAY_NOTIFY, [asked])
        return {key for (key,) in cursor.fetchall()}
