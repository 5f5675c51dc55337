"""Ends instances that their rule no longer watches, since no evaluation would examine them again."""

from datetime import datetime
from uuid import UUID

from rules.authority import IS_TRUSTED
from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.engine.state_machine import UNWATCHED_REASON
from rules.evaluation.candidates import add_candidates, only
from rules.evaluation.verdict_queries import OWN_TARGET

# Of rules on series, `rules.evaluation.series.verdicts` finds those that matchers and labels leave out.
UNWATCHED = f"""
SELECT r.id AS rule_id, r.user_id AS owner_id, r.metric_type, r.condition_operator AS operator,
       NULL::float8 AS threshold, NULL::float8 AS recovery, NULL::float8 AS critical, s.target,
       interval '4 hours' AS repeat_every, interval '0' AS pending_for, interval '0' AS keep_firing_for,
       r.no_data_policy, r.error_policy, r.status = 'draft' AS draft, s.user_id AS subject_id,
       'gone' AS verdict, '{UNWATCHED_REASON}' AS cause, NULL::float8 AS value, NULL::timestamptz AS observed_at,
       false AS worsens, NULL::jsonb AS conditions, s.labels
  FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id JOIN smartagent_users u ON u.id = s.user_id
 WHERE s.condition <> 'ok' AND {IN_FORCE_SQL} {{only}}
   AND ((r.series_mode = 'one' AND s.target <> {OWN_TARGET})
        OR (r.applies_to = 'owner' AND s.user_id <> r.user_id)
        OR (r.applies_to = 'everyone' AND NOT u.is_active)
        OR (s.user_id <> r.user_id AND NOT {IS_TRUSTED}))
   AND NOT EXISTS (SELECT FROM eval_candidates c
                    WHERE c.rule_id = s.rule_id AND c.subject_id = s.user_id AND c.target = s.target)
"""


def add_unwatched(now: datetime, owner: UUID | None, rule: UUID | None) -> int:
    """Add to eval_candidates the instances of targets or people that their rule no longer watches; return their
    number."""
    condition, params = only(owner, rule)
    return add_candidates(UNWATCHED.format(only=condition), params, now)
