"""Pushed metrics: the newest sample of each watched series, by index look-up."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.metrics import MetricSource, Query

NEWEST_OF_SERIES_SQL = """(
    SELECT value, observed_at FROM metric_samples s
     WHERE s.series_id = {series}
       AND s.observed_at > %(oldest)s AND s.observed_at <= %(now)s
     ORDER BY s.observed_at DESC LIMIT 1)"""
NEWEST_SAMPLE_SQL = f"""JOIN metric_series q ON q.metric = w.metric AND q.target = w.target AND q.user_id {{owner}}
 CROSS JOIN LATERAL {NEWEST_OF_SERIES_SQL.format(series="q.id")} newest"""
OF_METRIC = " AND metric_type = ANY(%(metrics)s)"
OF_CONDITION = " AND c.it->>'metric' = ANY(%(metrics)s)"
OF_PERSON = " AND (applies_to = 'everyone' OR user_id = %(person)s)"
PUSHED_READINGS_SQL = f"""
WITH rules AS (SELECT metric_type AS metric, user_id, applies_to, coalesce(target_integration, '') AS target
                 FROM automation_rules r
                WHERE {IN_FORCE_SQL} AND series_mode = 'one' AND metric_type IS NOT NULL
                      AND NOT metric_type = ANY(%(built_in)s) {{only}}
                UNION ALL
               SELECT c.it->>'metric', user_id, applies_to, coalesce(c.it->>'target', '')
                 FROM automation_rules r CROSS JOIN LATERAL jsonb_array_elements(
                      CASE WHEN jsonb_typeof(more_conditions) = 'array' THEN more_conditions ELSE '[]' END) AS c (it)
                WHERE {IN_FORCE_SQL} AND more_conditions <> '[]'
                  AND NOT c.it->>'metric' = ANY(%(built_in)s) {{only_more}}),
     wanted AS (SELECT metric, user_id, target FROM rules WHERE applies_to = 'owner'
                 UNION SELECT r.metric, u.id, r.target FROM rules r CROSS JOIN smartagent_users u
                        WHERE r.applies_to = 'everyone' AND u.is_active),
     platform AS (SELECT DISTINCT metric, target FROM rules)
SELECT w.metric, w.user_id, w.target, newest.value, newest.observed_at
  FROM wanted w {NEWEST_SAMPLE_SQL.format(owner="= w.user_id")}
UNION ALL
SELECT w.metric, NULL, w.target, newest.value, newest.observed_at
  FROM platform w {NEWEST_SAMPLE_SQL.format(owner="IS NULL")}
"""


class Pushed(MetricSource):
    """The source of all pushed metrics; its rows have the metric as their first column."""

    kind = "pushed"
    label = "Pushed"
    help = "Latest pushed sample of this metric."

    @property
    def max_age(self) -> timedelta:  # type: ignore[override]
        return timedelta(hours=settings.PUSHED_MAX_AGE_HOURS)

    def __init__(
        self, built_in: list[str], wanted: Collection[str] | None = None, person: UUID | None = None, only: str = ""
    ) -> None:
        """The samples that the rules left by the SQL condition `only` on r read, of the `wanted` metrics alone and for
        one person alone, where these are given."""
        self.built_in, self.wanted, self.person, self.only = built_in, wanted, person, only

    def readings(self, now: datetime) -> Query:
        whose = (OF_PERSON if self.person else "") + self.only
        only, only_more = (named + whose if self.wanted else whose for named in (OF_METRIC, OF_CONDITION))
        params = {"built_in": self.built_in, "metrics": list(self.wanted or ()), "person": self.person}
        return Query(
            PUSHED_READINGS_SQL.format(only=only, only_more=only_more),
            {"now": now, "oldest": self.oldest(now)} | params,
        )
