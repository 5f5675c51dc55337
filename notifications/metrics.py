"""agent_failed_deliveries: notifications that could not be delivered in the last 24 hours, of all people together."""

from datetime import datetime, timedelta

from rules.metrics import MetricSource, Query

# No delivery is sent for longer than a week after it was written, so the newest dead ones are enough to look through.
FAILED_DELIVERIES_SQL = """
SELECT NULL::uuid AS user_id, '' AS target, count(*)::float8 AS value, %(now)s::timestamptz AS observed_at
  FROM deliveries
 WHERE status = 'dead' AND settled_at > %(day_ago)s AND settled_at <= %(now)s AND created_at > %(oldest)s
"""


class AgentFailedDeliveries(MetricSource):
    kind = "agent_failed_deliveries"
    label = "Failed deliveries of Smart Agent"
    help = "Notifications that failed for good in the last 24 hours, platform-wide."
    unit = "in 24 h"
    lowest = 0

    def readings(self, now: datetime) -> Query:
        oldest = now - timedelta(days=8)
        return Query(FAILED_DELIVERIES_SQL, {"now": now, "day_ago": now - timedelta(hours=24), "oldest": oldest})
