"""The plug for rules: efficiency_index, the newest of the person, else the platform's.

What a rule of ours wrote is never read back, or the rule would feed on itself.
"""

from datetime import datetime, timedelta

from rules.metrics import MetricSource, Query

OURS = "smart_agent_"
READINGS = """
SELECT DISTINCT ON (user_id) user_id, '' AS target, efficiency_index::float8 AS value, created_at AS observed_at
  FROM fusion_optimization_events
 WHERE efficiency_index IS NOT NULL AND NOT starts_with(source_event_type, %(ours)s)
   AND created_at > %(oldest)s AND created_at <= %(now)s
 ORDER BY user_id, created_at DESC
"""


class EfficiencyIndex(MetricSource):
    kind = "efficiency_index"
    label = "Efficiency index"
    help = "The newest efficiency index of the person, else the platform's."
    lowest, highest = 0, 100
    max_age = timedelta(days=7)

    def readings(self, now: datetime) -> Query:
        return Query(READINGS, {"now": now, "oldest": self.oldest(now), "ours": OURS})
