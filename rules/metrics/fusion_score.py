"""fusion_score: the newest score of the person, and of each of their integrations."""

from datetime import datetime, timedelta

from rules.metrics import MetricSource, Query

READINGS = """
SELECT DISTINCT ON (user_id) user_id, '' AS target, fusion_score::float8 AS value, calculated_at AS observed_at
  FROM fusion_scores
 WHERE user_id IS NOT NULL AND fusion_score IS NOT NULL AND calculated_at > %(oldest)s AND calculated_at <= %(now)s
 ORDER BY user_id, calculated_at DESC
"""
OF_INTEGRATIONS = """
SELECT DISTINCT ON (s.user_id, i.integration_type)
       s.user_id, i.integration_type, s.fusion_score::float8, s.calculated_at
  FROM fusion_scores s JOIN integrations i ON i.id = s.integration_id
 WHERE s.user_id IS NOT NULL AND s.fusion_score IS NOT NULL
   AND s.calculated_at > %(oldest)s AND s.calculated_at <= %(now)s
 ORDER BY s.user_id, i.integration_type, s.calculated_at DESC
"""


class FusionScoreSource(MetricSource):
    kind = "fusion_score"
    label = "Fusion score"
    help = "The newest fusion score of the person; with an integration, of that integration."
    lowest, highest = 0, 100
    max_age = timedelta(days=7)

    def readings(self, now: datetime) -> Query:
        return Query(f"({READINGS}) UNION ALL ({OF_INTEGRATIONS})", {"now": now, "oldest": self.oldest(now)})
