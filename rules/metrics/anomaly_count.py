"""anomaly_count: audit events of severity error or critical in the last 24 hours; 0 without events."""

from datetime import datetime, timedelta

from rules.metrics import MetricSource, Query

ANOMALY_COUNT_SQL = """
SELECT u.id AS user_id, '' AS target, coalesce(e.events, 0)::float8 AS value, %(now)s::timestamptz AS observed_at
  FROM smartagent_users u
  LEFT JOIN (SELECT user_id, count(*) AS events
               FROM fusion_audit_log
              WHERE severity IN ('error', 'critical') AND created_at > %(day_ago)s AND created_at <= %(now)s
                AND coalesce(event_type, '') ILIKE %(pattern)s
              GROUP BY user_id) e ON e.user_id = u.id
 WHERE u.is_active
"""


class AnomalyCount(MetricSource):
    kind = "anomaly_count"
    label = "Anomaly count"
    help = "Audit events of severity error or critical in the last 24 hours."
    unit = "in 24 h"
    lowest = 0
    pattern = "%"

    def readings(self, now: datetime) -> Query:
        day_ago = now - timedelta(hours=24)
        return Query(ANOMALY_COUNT_SQL, {"now": now, "day_ago": day_ago, "pattern": self.pattern})
