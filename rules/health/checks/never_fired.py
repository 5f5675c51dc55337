"""Rules that have not fired for a long time."""

from rules.health.check import Facts, HealthCheck, before, days, days_sql

LONG = "90 days"


class NeverFired(HealthCheck):
    kind = "never_fired"
    label = "Not fired in 90 days"
    advice = "See whether its threshold can be reached at all, or whether anybody still needs it."
    sql = f"""
SELECT id AS rule_id, {days_sql("coalesce(last_triggered_at, created_at)")} AS weight,
       jsonb_build_object('days', {days_sql("coalesce(last_triggered_at, created_at)")},
                          'ever', last_triggered_at IS NOT NULL) AS facts
  FROM rules
 WHERE status = 'active' AND created_at < {before(LONG)}
   AND (last_triggered_at IS NULL OR last_triggered_at < {before(LONG)})
"""

    def words(self, facts: Facts) -> str:
        if facts["ever"]:
            return f"It fired last {days(facts['days'])} ago."
        return f"It has never fired in the {days(facts['days'])} since it was made."
