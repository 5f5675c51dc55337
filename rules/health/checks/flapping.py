"""Rules that fire and resolve in quick succession."""

from django.urls import reverse

from rules.engine.open_alerts import fires_now_sql
from rules.engine.state_machine import FLAP_WINDOW_CHECKS, REMEMBERED
from rules.health.check import Facts, HealthCheck, before

LATELY = "24 hours"
EPISODES = 10


class Flaps(HealthCheck):
    kind = "flapping"
    label = "Flapping"
    advice = "Add a pending period or a recovery threshold."
    link_text = "Edit rule"
    sql = f"""
WITH changing AS (
    SELECT s.rule_id, s.id, 0 AS episodes, s.changes FROM rule_states s JOIN rules r ON r.id = s.rule_id
     WHERE {fires_now_sql()} AND s.flapping
    UNION ALL
    SELECT s.rule_id, s.id, 0, s.changes FROM rule_states s JOIN rules r ON r.id = s.rule_id
     WHERE s.since > {before(LATELY)} AND NOT (s.flapping AND {fires_now_sql()})
       AND s.changes[{REMEMBERED}] > {before(LATELY)}
       AND s.changes[{REMEMBERED}] - s.changes[1] <= {FLAP_WINDOW_CHECKS} * %(tick)s::interval
    UNION ALL
    SELECT s.rule_id, s.id, e.episodes, '{{}}' FROM rule_states s JOIN rules r ON r.id = s.rule_id,
      LATERAL (SELECT count(DISTINCT e.context->>'episode') AS episodes FROM agent_activity_log e
                WHERE e.state_id = s.id AND e.created_at > {before(LATELY)} AND e.created_at <= %(now)s
                  AND e.event_type IN ('rule_fired', 'rule_flapping')) e
     WHERE s.since > {before(LATELY)} AND s.episode > {EPISODES} AND e.episodes > {EPISODES}
)
SELECT rule_id, count(DISTINCT id) + max(episodes) AS weight,
       jsonb_build_object('instances', count(DISTINCT id), 'episodes', max(episodes),
                          'changes', max(cardinality(changes)),
                          'minutes', round(extract(epoch FROM min(changes[cardinality(changes)] - changes[1])) / 60)
                         ) AS facts
  FROM changing GROUP BY rule_id
"""

    def words(self, facts: Facts) -> str:
        whose = f"For {facts['instances']:,} people the rule" if facts["instances"] > 1 else "The rule"
        if facts["episodes"]:
            return f"{whose} fired {facts['episodes']:,} times in 24 hours."
        if not facts["minutes"]:
            return f"{whose} is flapping and kept open."
        return f"{whose} changed state {facts['changes']:,} times within {facts['minutes']:,.0f} minutes."

    def link(self, rule_id: object, facts: Facts) -> str:
        return reverse("admin:rules_automationrule_change", args=[rule_id])
