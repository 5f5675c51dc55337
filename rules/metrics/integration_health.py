"""integration_health: active 100, syncing 75, inactive 50, error 25, none 0; without target, the worst of all."""

from datetime import datetime

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.metrics import MetricSource, Query

SCORE = """CASE status WHEN 'active' THEN 100 WHEN 'syncing' THEN 75 WHEN 'inactive' THEN 50 WHEN 'error' THEN 25
                    ELSE 0 END"""
INTEGRATION_HEALTH_SQL = f"""
WITH health AS (SELECT user_id, integration_type AS target, min({SCORE})::float8 AS value
                  FROM integrations GROUP BY 1, 2),
     watched AS (SELECT DISTINCT CASE WHEN applies_to = 'owner' THEN user_id END AS user_id,
                        target_integration AS target
                   FROM automation_rules r
                  WHERE {IN_FORCE_SQL} AND metric_type = 'integration_health' AND target_integration <> ''),
     absent AS (SELECT DISTINCT u.id AS user_id, w.target
                  FROM watched w JOIN smartagent_users u ON u.is_active AND (w.user_id IS NULL OR w.user_id = u.id)
                 WHERE NOT EXISTS (SELECT FROM health h WHERE h.user_id = u.id AND h.target = w.target))
SELECT u.id AS user_id, '' AS target, coalesce(min(h.value), 0)::float8 AS value, %(now)s::timestamptz AS observed_at
  FROM smartagent_users u LEFT JOIN health h ON h.user_id = u.id
 WHERE u.is_active GROUP BY u.id
UNION ALL SELECT user_id, target, value, %(now)s FROM health WHERE user_id IS NOT NULL
UNION ALL SELECT user_id, target, 0, %(now)s FROM absent
"""


class IntegrationHealth(MetricSource):
    kind = "integration_health"
    label = "Integration health"
    help = "Active 100, syncing 75, inactive 50, error 25, none 0. Without an integration: the lowest of the person."
    lowest, highest = 0, 100

    def readings(self, now: datetime) -> Query:
        return Query(INTEGRATION_HEALTH_SQL, {"now": now})
