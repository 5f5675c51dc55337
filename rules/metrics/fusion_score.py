"""fusion_score: an integration's newest score; for a person the newest one without integration, else the mean."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connection

from rules.engine.numeric_range import reading_sql
from rules.metrics import MetricSource, Query

# The name of a score's integration: of ours, else by the old application's list of integrations, where that is there.
TYPE = "CASE WHEN s.integration_id IS NOT NULL THEN coalesce(i.integration_type, {other}, s.integration_id::text) END"
JOIN_INTEGRATIONS = "LEFT JOIN integrations i ON i.id = s.integration_id"
JOIN_MASTER = "LEFT JOIN integrations_master m ON m.id::text = s.integration_id::text"

# Of equally old rows the one that was written last, then the one of the greater id: the same at each evaluation.
# A score without room in 64 bits is NaN, which is no reading of its person, and no trouble of anybody else's.
FUSION_SCORE_SQL = f"""
WITH newest AS NOT MATERIALIZED (  -- so that who asks for one person reads one person
    SELECT DISTINCT ON (s.user_id, {{type}}) s.user_id, {{type}} AS target, s.fusion_score, s.calculated_at
      FROM fusion_scores s {{joins}}
     WHERE s.user_id IS NOT NULL AND s.fusion_score IS NOT NULL
       AND s.calculated_at > %(oldest)s AND s.calculated_at <= %(now)s
     ORDER BY s.user_id, {{type}}, s.calculated_at DESC, s.updated_at DESC NULLS LAST, s.id DESC)
SELECT user_id, coalesce(target, '') AS target, {reading_sql("fusion_score")} AS value,
       calculated_at AS observed_at
  FROM newest
 UNION ALL
SELECT user_id, '', {reading_sql("avg(fusion_score::numeric)")}, max(calculated_at) FROM newest
 GROUP BY user_id HAVING count(*) = count(target)
"""


class FusionScoreSource(MetricSource):
    kind = "fusion_score"
    label = "Fusion score"
    help = (
        "Latest score of the integration; without an integration, the latest overall score of the "
        "person, or else the mean of the latest scores of the integrations."
    )
    lowest, highest = 0, 100
    max_age: ClassVar[timedelta] = timedelta(days=7)

    def readings(self, now: datetime) -> Query:
        return Query(scores_sql(), {"now": now, "oldest": self.oldest(now)})


def scores_sql() -> str:
    """Return the SELECT of the scores, joined with the old application's list of integrations if it can be read."""
    other = _column_of_master()
    joins = f"{JOIN_INTEGRATIONS} {JOIN_MASTER}" if other else JOIN_INTEGRATIONS
    return FUSION_SCORE_SQL.format(type=TYPE.format(other=other or "NULL"), joins=joins)


def _column_of_master() -> str:
    """Return the column of integrations_master with the type, empty if there is none.

    Looked up at each evaluation, since the table can be created or dropped at any time."""
    with connection.cursor() as cursor:
        cursor.execute(MASTER)
        row = cursor.fetchone()
    return f"m.{row[0]}::text" if row else ""


MASTER = """
SELECT a.attname FROM pg_attribute a
 WHERE a.attrelid = to_regclass('integrations_master') AND a.attname IN ('integration_type', 'type', 'name')
   AND NOT a.attisdropped AND has_table_privilege(a.attrelid, 'SELECT')
   AND EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = a.attrelid AND k.attname = 'id' AND NOT k.attisdropped)
 ORDER BY array_position(ARRAY['integration_type', 'type', 'name'], a.attname::text) LIMIT 1
"""
