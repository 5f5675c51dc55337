"""agent_failed_actions: actions of Smart Agent's rules that failed in the last 24 hours, of all people together."""

from datetime import datetime, timedelta

from rules.metrics import MetricSource, Query

FAILED_ACTIONS_SQL = """
SELECT NULL::uuid AS user_id, '' AS target, count(*)::float8 AS value, %(now)s::timestamptz AS observed_at
  FROM agent_activity_log
 WHERE status = 'failed' AND run_id IS NOT NULL AND action_taken <> 'none'
   AND created_at > %(day_ago)s AND created_at <= %(now)s
"""


class AgentFailedActions(MetricSource):
    kind = "agent_failed_actions"
    label = "Failed actions of Smart Agent"
    help = "Actions of rules that failed in the last 24 hours, platform-wide."
    unit = "in 24 h"
    lowest = 0

    def readings(self, now: datetime) -> Query:
        return Query(FAILED_ACTIONS_SQL, {"now": now, "day_ago": now - timedelta(hours=24)})
