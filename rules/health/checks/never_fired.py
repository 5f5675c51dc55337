"""Rules that have not fired for a long time."""

from rules.health.check import Facts, HealthCheck, before, days, days_sql

NEVER_FIRED_FOR = "90 days"


class NeverFired(HealthCheck):
    kind = "never_fired"
    label = "Not fired in 90 days"
    advice = "Check whether the threshold can be reached, or whether the rule is still needed."
    sql = f"""
SELECT id AS rule_id, {days_sql("coalesce(last_triggered_at, created_at)")} AS weight,
       jsonb_build_object('days', {days_sql("coalesce(last_triggered_at, created_at)")},
                          'ever', last_triggered_at IS NOT NULL) AS facts
  FROM rules
 WHERE status = 'active' AND created_at < {before(NEVER_FIRED_FOR)}
   AND (last_triggered_at IS NULL OR last_triggered_at < {before(NEVER_FIRED_FOR)})
"""

    def words(self, facts: Facts) -> str:
        if facts["ever"]:
            return f"Last fired {days(facts['days'])} ago."
        return f"Never fired in the {days(facts['days'])} since it was created."
