"""Rules that fire almost all the time."""

from rules.engine.open_alerts import STATES_SQL, fires_now_sql
from rules.health.check import Facts, HealthCheck, before, days, days_sql

SHARE = 0.9
SPAN, BREAK = (
    "14 days",
    "1.4 days",
)  # an instance that fires for more than 0.9 of the span fires now, or did within the break
ALWAYS_FIRING_FOR = "7 days"
# The episodes that have ended within the span; one that began before it has no beginning in it.
ENDED_EPISODES_SQL = f"""
SELECT sum(extract(epoch FROM finish - coalesce(start, {before(SPAN)}))) AS seconds FROM (
    SELECT min(e.created_at) FILTER (WHERE e.event_type <> 'rule_resolved'
                                       AND coalesce(e.context->>'from', '') NOT IN {STATES_SQL}) AS start,
           max(e.created_at) FILTER (WHERE e.event_type = 'rule_resolved') AS finish
      FROM agent_activity_log e
     WHERE e.state_id = s.id AND e.created_at > {before(SPAN)} AND e.created_at <= %(now)s
       AND e.event_type IN ('rule_fired', 'rule_flapping', 'rule_resolved')
     GROUP BY e.context->>'episode') AS episodes
"""


class AlwaysFiring(HealthCheck):
    kind = "always_firing"
    label = "Always firing"
    advice = "Fix the underlying problem, adjust the threshold, or silence the rule until then."
    sql = f"""
WITH standing AS (
    SELECT s.id, s.rule_id, coalesce(s.fired_at, s.since) AS fired_at, s.episode
      FROM rule_states s JOIN rules r ON r.id = s.rule_id
     WHERE {fires_now_sql()} AND r.status = 'active'
    UNION ALL
    SELECT s.id, s.rule_id, NULL, s.episode FROM rule_states s JOIN rules r ON r.id = s.rule_id
     WHERE NOT {fires_now_sql()} AND s.since > {before(BREAK)} AND r.status = 'active' AND s.episode > 0
), lasting AS (
    SELECT rule_id, {days_sql("fired_at")} AS unbroken,
           least(1, extract(epoch FROM %(now)s - fired_at) / extract(epoch FROM interval '{SPAN}')) AS share
      FROM standing WHERE fired_at <= {before(ALWAYS_FIRING_FOR)}
    UNION ALL
    SELECT s.rule_id, 0, (coalesce(ended.seconds, 0) + coalesce(extract(epoch FROM %(now)s - s.fired_at), 0))
                         / extract(epoch FROM interval '{SPAN}')
      FROM standing s, LATERAL ({ENDED_EPISODES_SQL}) AS ended
     WHERE s.fired_at IS NULL OR (s.fired_at > {before(ALWAYS_FIRING_FOR)} AND s.episode > 1)
)
SELECT rule_id, max(unbroken) + max(share) AS weight,
       jsonb_build_object('instances', count(*), 'days', max(unbroken),
                          'percent', round(100 * least(1, max(share)))) AS facts
  FROM lasting WHERE unbroken > 0 OR share > {SHARE}
 GROUP BY rule_id
"""

    def words(self, facts: Facts) -> str:
        whose = f"For {facts['instances']:,} people the rule" if facts["instances"] > 1 else "The rule"
        if facts["days"]:
            return f"{whose} has been firing for {days(facts['days'])} without interruption."
        return f"{whose} was firing {facts['percent']:.0f} % of the last 14 days."
