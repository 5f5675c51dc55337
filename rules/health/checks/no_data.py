"""Rules that have had no data for a long time."""

from rules.health.check import Facts, HealthCheck, before, days, days_sql

NO_DATA_FOR = "3 days"


class WithoutData(HealthCheck):
    kind = "without_data"
    label = "No data for days"
    advice = "Find out why readings are missing, or delete the rule if the metric was retired."
    # A rule on everyone may watch a metric that only some people have: it counts where most people have no data.
    sql = f"""
SELECT s.rule_id, {days_sql("min(s.since)")} AS weight,
       jsonb_build_object('instances', count(*), 'days', {days_sql("min(s.since)")},
                          'everyone', bool_or(r.applies_to = 'everyone')) AS facts
  FROM rule_states s JOIN rules r ON r.id = s.rule_id
 WHERE s.condition = 'no_data' AND s.since <= {before(NO_DATA_FOR)} AND r.status = 'active'
 GROUP BY s.rule_id
HAVING bool_or(r.applies_to = 'owner') OR 2 * count(*) >= (SELECT count(*) FROM smartagent_users WHERE is_active)
"""

    def words(self, facts: Facts) -> str:
        if not facts["everyone"]:
            return f"No readings for {days(facts['days'])}."
        return f"No readings for {facts['instances']:,} people, most of those watched, some for {days(facts['days'])}."
