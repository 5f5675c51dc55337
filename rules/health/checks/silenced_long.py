"""Rules that silences have suppressed for a long time, one silence or several in succession."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from psycopg.types.json import Jsonb

from rules.health.check import Facts, HealthCheck, days, days_sql
from rules.models import Silence
from rules.silences.coverage import AGREES, WAYS
from rules.silences.matchers import between
from rules.silences.recurrence import BadRecurrence
from rules.silences.windows import windows

SILENCED_FOR = timedelta(days=7)
SILENCED_COLUMNS = """id uuid, user_id uuid, rule_id uuid, metric text, person_id uuid, labels jsonb, comment text,
             start timestamptz, until timestamptz"""
JOIN = "SELECT s.*, r.id AS of_rule FROM spans s JOIN rules r"
WHOLE = "(s.person_id IS NULL OR (r.applies_to = 'owner' AND s.person_id = r.user_id)) AND r.status = 'active'"


class SilencedLong(HealthCheck):
    kind = "silenced_long"
    label = "Silenced for days"
    advice = "End the silence, or pause the rule if it is not needed."
    link_text = "Open silence"
    sql = f"""
WITH spans AS (SELECT * FROM jsonb_to_recordset(%(silenced_long_windows)s) AS s ({SILENCED_COLUMNS})),
covered AS ({" UNION ALL ".join(f"{JOIN} ON {way} WHERE {AGREES} AND {WHOLE}" for way in WAYS)}),
quiet AS (
    SELECT of_rule, range_agg(tstzrange(start, until)) AS ranges,
           (array_agg(id ORDER BY until DESC))[1] AS silence, (array_agg(comment ORDER BY until DESC))[1] AS comment
      FROM covered GROUP BY of_rule)
SELECT q.of_rule AS rule_id, {days_sql("lower(span)")} AS weight,
       jsonb_build_object('days', {days_sql("lower(span)")}, 'silence', q.silence, 'comment', q.comment) AS facts
  FROM quiet q, unnest(q.ranges) AS span
 WHERE span @> %(now)s::timestamptz AND lower(span) <= %(now)s::timestamptz - %(silenced_long_long)s::interval
"""

    def params(self, now: datetime) -> dict[str, Any]:
        return {"silenced_long_windows": Jsonb(list(_windows(now))), "silenced_long_long": SILENCED_FOR}

    def words(self, facts: Facts) -> str:
        return f"Silenced for {days(facts['days'])}, now by “{facts['comment']}”."

    def link(self, rule_id: UUID, facts: Facts) -> str:
        return reverse("admin:rules_silence_page", args=[facts["silence"]])


def _windows(now: datetime) -> Iterator[dict[str, Any]]:
    """The recent windows of silences. A silence that cannot be read covers nothing, as in an evaluation."""
    for silence in between(now - SILENCED_FOR, now + timedelta(microseconds=1)):
        for window in _readable(silence, now):
            yield {
                "id": str(silence.pk), "user_id": _text(silence.user_id), "rule_id": _text(silence.rule_id),
                "metric": silence.metric, "person_id": _text(silence.person_id), "labels": silence.labels or {},
                "comment": silence.comment[:200], "start": window.start.isoformat(), "until": window.end.isoformat(),
            }  # fmt: skip


def _readable(silence: Silence, now: datetime) -> Any:
    try:
        return windows(silence, now - SILENCED_FOR, now)
    except (BadRecurrence, ValueError, OverflowError):
        return []


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
