"""Rules on an unknown metric: neither built in, nor a query of a data source, nor with a recent sample."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from rules.data_sources.watched import query_names
from rules.health.check import Facts, HealthCheck, before, days, days_sql
from rules.registries import metrics

UNKNOWN_METRIC_FOR = "7 days"
OF_LATE = f"""SELECT FROM metric_series q JOIN metric_samples s ON s.series_id = q.id
                    WHERE q.metric = w.metric AND (w.of_series OR q.target = w.target)
                      AND s.observed_at > {before(UNKNOWN_METRIC_FOR)}"""


class UnknownMetric(HealthCheck):
    kind = "unknown_metric"
    label = "Unknown metric"
    advice = "Correct the metric name, or push the metric again."
    link_text = "Edit rule"
    # Whether anybody at all has a series is asked once for each series that a rule on everyone watches.
    sql = f"""
WITH watched AS MATERIALIZED (
    SELECT * FROM (
        SELECT id, user_id, applies_to, metric_type AS metric, coalesce(target_integration, '') AS target,
               series_mode <> 'one' AS of_series FROM rules
         WHERE status = 'active'
        UNION ALL
        SELECT r.id, r.user_id, r.applies_to, c->>'metric', coalesce(c->>'target', ''),
               r.series_mode <> 'one' AND coalesce(c->>'target', '') = ''
          FROM rules r, jsonb_array_elements(CASE WHEN jsonb_typeof(r.more_conditions) = 'array'
                                             THEN r.more_conditions ELSE '[]' END) AS c
         WHERE r.status = 'active' AND r.more_conditions <> '[]') AS every
     WHERE metric <> ALL(%(unknown_metric_built_in)s)
), pushed AS (
    SELECT metric, target, of_series
      FROM (SELECT DISTINCT metric, target, of_series FROM watched WHERE applies_to = 'everyone') AS w
     WHERE EXISTS (SELECT FROM smartagent_users u
                    WHERE EXISTS ({OF_LATE} AND q.user_id = u.id))
), unread AS (
    SELECT w.* FROM watched w
     WHERE NOT EXISTS ({OF_LATE} AND q.user_id IS NULL)
       AND CASE WHEN applies_to = 'everyone'
           THEN NOT EXISTS (SELECT FROM pushed p WHERE p.metric = w.metric AND p.target = w.target
                                                   AND p.of_series = w.of_series)
           ELSE NOT EXISTS ({OF_LATE} AND q.user_id = w.user_id) END
)
SELECT DISTINCT ON (u.id) u.id AS rule_id, coalesce({days_sql("last.at")}, 100000) AS weight,
       jsonb_build_object('metric', u.metric, 'target', u.target, 'everyone', u.applies_to = 'everyone',
                          'days', {days_sql("last.at")}) AS facts
  FROM unread u
  LEFT JOIN metric_series q
         ON u.applies_to = 'owner' AND q.user_id = u.user_id AND q.metric = u.metric AND q.target = u.target
  LEFT JOIN LATERAL (
    SELECT s.observed_at AS at FROM metric_samples s WHERE s.series_id = q.id AND s.observed_at <= %(now)s
     ORDER BY s.observed_at DESC LIMIT 1) AS last ON true
 ORDER BY u.id, weight DESC
"""

    def params(self, now: datetime) -> dict[str, Any]:
        return {"unknown_metric_built_in": [*(source.kind for source in metrics), *query_names()]}

    def words(self, facts: Facts) -> str:
        where = f" on {facts['target']}" if facts["target"] else ""
        name = f"“{facts['metric']}”{where}"
        if facts["everyone"]:
            return (
                f"No sample of {name} was pushed for anyone in 7 days, and there is no built-in metric with this name."
            )
        if facts["days"] is None:
            return f"No sample of {name} was ever pushed for the owner, and there is no built-in metric with this name."
        return f"The last sample of {name} for the owner was pushed {days(facts['days'])} ago."

    def link(self, rule_id: object, facts: Facts) -> str:
        return reverse("admin:rules_automationrule_change", args=[rule_id])
