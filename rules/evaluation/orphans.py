"""Resolves firing instances that their rule no longer watches, since no evaluation would examine them again."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from rules.authority import IS_TRUSTED
from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.engine.open_alerts import open_sql

RESOLVE_ORPHANS_SQL = f"""
WITH unwatched AS (
    UPDATE rule_states s SET condition = 'ok', reason = %(reason)s, since = %(now)s, handling = 'open',
           handled_by_id = NULL, handled_until = NULL, assignee_id = NULL, fired_at = NULL, critical = false,
           flapping = false, silence_id = NULL, last_notified_at = NULL, failures = 0, retry_at = NULL
      FROM automation_rules r, smartagent_users u
     WHERE {open_sql()}
       AND r.id = s.rule_id AND {IN_FORCE_SQL} AND u.id = s.user_id
       AND greatest(s.since, s.last_notified_at) <= %(now)s
       AND (%(owner)s::uuid IS NULL OR r.user_id = %(owner)s) AND (%(rule)s::uuid IS NULL OR r.id = %(rule)s)
       AND ((r.series_mode = 'one' AND s.target <> left(coalesce(r.target_integration, ''), 200))
            OR (r.applies_to = 'owner' AND s.user_id <> r.user_id)
            OR (r.applies_to = 'everyone' AND NOT u.is_active)
            OR (s.user_id <> r.user_id AND NOT {IS_TRUSTED}))
 RETURNING s.id, s.rule_id, s.user_id, s.target, s.value, s.episode)
INSERT INTO agent_activity_log (user_id, rule_id, run_id, state_id, agent_name, event_type, action_taken, context,
                                status, created_at, executed_at)
SELECT r.user_id, r.id, %(run)s, s.id, 'smart_agent', 'rule_resolved', 'none',
       jsonb_build_object(
         'rule_name', r.rule_name, 'metric', r.metric_type, 'value', s.value, 'threshold', r.threshold_value,
         'operator', r.condition_operator, 'target', s.target, 'severity', r.severity, 'person', s.user_id,
         'from', 'firing', 'to', 'ok', 'reason', %(reason)s::text, 'episode', s.episode),
       'success', %(now)s, %(now)s
  FROM unwatched s JOIN automation_rules r ON r.id = s.rule_id
"""
ORPHAN_REASON = "no longer evaluated"


def resolve_unwatched(run: UUID, now: datetime, owner: UUID | None, rule: UUID | None) -> int:
    """Resolve instances of targets or people that their rule no longer watches; return their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            RESOLVE_ORPHANS_SQL, {"run": run, "now": now, "owner": owner, "rule": rule, "reason": ORPHAN_REASON}
        )
        return int(cursor.rowcount)
