"""agent_evaluation_lag_seconds: how late the last scheduled evaluation began; 0 up to half an interval."""

from datetime import datetime

from rules.metrics import MetricSource, Query

# The evaluation that asks is one of them, and the newest: whoever is late says so at once.
EVALUATION_LAG_SQL = """
SELECT NULL::uuid AS user_id, '' AS target, coalesce(extract(epoch FROM late_by), 0)::float8 AS value,
       %(now)s::timestamptz AS observed_at
  FROM dispatch_runs WHERE trigger = 'schedule' AND evaluated_at <= %(now)s
 ORDER BY started_at DESC, id DESC LIMIT 1
"""


class AgentEvaluationLag(MetricSource):
    kind = "agent_evaluation_lag_seconds"
    label = "Evaluation lag of Smart Agent"
    help = "Delay of the last scheduled evaluation of the rules, platform-wide; 0 up to half an interval."
    unit = "s"
    lowest = 0

    def readings(self, now: datetime) -> Query:
        return Query(EVALUATION_LAG_SQL, {"now": now})
