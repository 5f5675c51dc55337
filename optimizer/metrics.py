"""The optimizer's metrics for rules: the parts of the fusion score, and efficiency_index, of the person, else
platform-wide.

Values written by Smart Agent's own rules are excluded, so that no rule feeds on itself.
"""

from datetime import datetime, timedelta

from optimizer.fusion.history import KIND
from rules.engine.numeric_range import reading_sql
from rules.metrics import MetricSource, Query

METRIC_PREFIX = "smart_agent_"
NEWEST_READINGS_SQL = f"""
SELECT DISTINCT ON (user_id) user_id, '' AS target, {reading_sql("efficiency_index")} AS value,
       created_at AS observed_at
  FROM fusion_optimization_events
 WHERE efficiency_index IS NOT NULL AND NOT starts_with(source_event_type, %(ours)s)
   AND created_at > %(oldest)s AND created_at <= %(now)s
 ORDER BY user_id, created_at DESC
"""


SCORE_PARTS_SQL = f"""
SELECT user_id, metric_name AS target, {reading_sql("avg(normalized_value::numeric)")} AS value,
       coalesce(max(synced_at), %(now)s::timestamptz) AS observed_at
  FROM fusion_metrics
 WHERE user_id IS NOT NULL AND normalized_value IS NOT NULL AND (synced_at IS NULL OR synced_at > %(oldest)s)
 GROUP BY user_id, metric_name
"""


class FusionMetrics(MetricSource):
    kind = KIND
    label = "Fusion metric"
    help = "A component of the fusion score, with its name as the target."
    lowest, highest = 0, 1
    max_age = timedelta(days=7)

    def readings(self, now: datetime) -> Query:
        return Query(SCORE_PARTS_SQL, {"now": now, "oldest": self.oldest(now)})


class EfficiencyIndex(MetricSource):
    kind = "efficiency_index"
    label = "Efficiency index"
    help = "The newest efficiency index of the person, or of the platform."
    lowest, highest = 0, 100
    max_age = timedelta(days=7)

    def readings(self, now: datetime) -> Query:
        return Query(NEWEST_READINGS_SQL, {"now": now, "oldest": self.oldest(now), "ours": METRIC_PREFIX})
