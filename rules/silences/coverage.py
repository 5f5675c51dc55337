"""The instances that silences cover, by set-based SQL: for an evaluation, and for the preview beside the form.

An instance that several silences cover has one row, with the silence that lasts longest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.engine.open_alerts import fires_now_sql
from rules.isolation import readable
from rules.models import Silence
from rules.silences.known_series import fill_known_instances
from rules.silences.windows import Window, window_at
from smartagent.kernel.bulk_copy import copy_rows
from smartagent.kernel.formats import clock_utc, counted

log = structlog.get_logger(__name__)
MAX_COMMENT_IN_REASON = 200
CREATE_SILENCE_TABLES = """
DROP TABLE IF EXISTS eval_silenced, eval_silenced_series, eval_silences;
CREATE TEMP TABLE eval_silenced (rule_id uuid, subject_id uuid, silence_id uuid, words text);
CREATE TEMP TABLE eval_silenced_series (rule_id uuid, subject_id uuid, labels jsonb, silence_id uuid, words text,
                                        until timestamptz);
"""
SILENCES = {
    "id": "uuid", "user_id": "uuid", "rule_id": "uuid", "metric": "text", "person_id": "uuid", "labels": "jsonb",
    "until": "timestamptz", "words": "text",
}  # fmt: skip
SILENCE_COLUMN_TYPES = ", ".join(f"{name} {kind}" for name, kind in SILENCES.items())

AMONG_MORE = "r.more_conditions @> jsonb_build_array(jsonb_build_object('metric', s.metric))"
# Joins that find the rules of a silence, by an index or a hash where there is one; other matchers filter afterwards.
WAYS = (
    "s.rule_id IS NOT NULL AND r.id = s.rule_id",
    "s.rule_id IS NULL AND s.user_id IS NOT NULL AND r.user_id = s.user_id",
    "s.rule_id IS NULL AND s.user_id IS NULL AND s.metric <> '' AND r.metric_type = s.metric",
    f"""s.rule_id IS NULL AND s.user_id IS NULL AND s.metric <> '' AND r.metric_type <> s.metric
        AND r.more_conditions <> '[]' AND {AMONG_MORE}""",
    "s.rule_id IS NULL AND s.user_id IS NULL AND s.metric = ''",
)
AGREES = f"""(s.user_id IS NULL OR r.user_id = s.user_id)
    AND (s.metric = '' OR r.metric_type = s.metric OR {AMONG_MORE})
    AND (s.labels = '{{}}' OR r.labels @> s.labels OR (r.series_mode <> 'one' AND NOT EXISTS (
         SELECT FROM jsonb_each(s.labels) AS l WHERE r.labels ? l.key AND r.labels->l.key <> l.value)))"""
# What the labels of the rule leave to those of the series.
LEFT_TO_SERIES = """(SELECT coalesce(jsonb_object_agg(l.key, l.value), '{}') FROM jsonb_each(s.labels) AS l
    WHERE NOT r.labels @> jsonb_build_object(l.key, l.value))"""
FOUND = f"""SELECT s.*, r.id AS of_rule, r.user_id AS owner_id, r.applies_to,
       CASE WHEN s.labels = '{{}}' OR r.labels @> s.labels THEN '{{}}' ELSE {LEFT_TO_SERIES} END AS of_series
  FROM eval_silences s JOIN automation_rules r"""
COVERED_INSTANCES_SQL = f"""
WITH found AS ({" UNION ALL ".join(f"{FOUND} ON {way} WHERE {AGREES} AND {IN_FORCE_SQL}" for way in WAYS)})
SELECT of_rule AS rule_id, owner_id AS subject_id, id AS silence_id, words, until, of_series FROM found
 WHERE applies_to = 'owner' AND (person_id IS NULL OR person_id = owner_id)
UNION ALL
SELECT of_rule, u.id, f.id, words, until, of_series FROM found f
  JOIN smartagent_users u ON u.is_active AND (f.person_id IS NULL OR u.id = f.person_id)
 WHERE applies_to = 'everyone'
"""
FILL = f"""
INSERT INTO eval_silenced
SELECT DISTINCT ON (rule_id, subject_id) rule_id, subject_id, silence_id, words FROM ({COVERED_INSTANCES_SQL}) AS i
 WHERE of_series = '{{}}'
 ORDER BY rule_id, subject_id, until DESC, silence_id
"""
FILL_SERIES = f"""
INSERT INTO eval_silenced_series
SELECT rule_id, subject_id, of_series, silence_id, words, until FROM ({COVERED_INSTANCES_SQL}) AS i
 WHERE of_series <> '{{}}'
"""
FIRING = f"count(*) FILTER (WHERE {fires_now_sql('t')} AND r.status = 'active')"
# Those of rules on series also where they have never fired.
INSTANCES = """(SELECT rule_id, user_id, target, labels, condition FROM rule_states
     UNION ALL
    SELECT k.rule_id, k.subject_id, k.target, k.labels, 'ok' FROM eval_known_instances k
     WHERE NOT EXISTS (SELECT FROM rule_states s
                        WHERE s.rule_id = k.rule_id AND s.user_id = k.subject_id AND s.target = k.target))"""
COVERED = f"""
SELECT r.id, r.rule_name, r.user_id, coalesce(nullif(o.full_name, ''), o.email), count(*), {FIRING},
       count(*) OVER (), sum(count(*)) OVER (), sum({FIRING}) OVER ()
  FROM ({COVERED_INSTANCES_SQL}) AS i
  JOIN automation_rules r ON r.id = i.rule_id
  JOIN smartagent_users o ON o.id = r.user_id AND o.is_active
  LEFT JOIN {INSTANCES} t ON t.rule_id = i.rule_id AND t.user_id = i.subject_id
                         AND (r.series_mode <> 'one' OR t.target = coalesce(r.target_integration, ''))
                         AND t.labels @> i.of_series
 WHERE (%(owner)s::uuid IS NULL OR r.user_id = %(owner)s) AND (i.of_series = '{{}}' OR t.rule_id IS NOT NULL)
 GROUP BY r.id, o.id
 ORDER BY 6 DESC, r.rule_name, r.id LIMIT %(maximum)s
"""


RULES_ON_SERIES = f"""
SELECT count(DISTINCT i.rule_id) FROM ({COVERED_INSTANCES_SQL}) AS i JOIN automation_rules r ON r.id = i.rule_id
 WHERE i.of_series <> '{{}}' AND (%(owner)s::uuid IS NULL OR r.user_id = %(owner)s)
"""


@dataclass(frozen=True, slots=True)
class CoveredRule:
    """A rule with covered instances: how many, and how many of them fire."""

    id: UUID
    name: str
    owner_id: UUID
    owner: str
    instances: int
    firing: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a silence; `listing` has the first rules, firing ones first. `later` are rules on series, where
    it covers nothing: a series of theirs may have its labels one day."""

    rules: int = 0
    instances: int = 0
    firing: int = 0
    listing: tuple[CoveredRule, ...] = ()
    later: int = 0

    @property
    def others(self) -> int:
        return self.rules - len(self.listing)

    def __str__(self) -> str:
        if self.later:
            one = self.later == 1
            which = "a rule on series" if one else f"{self.later:,} rules on series"
            return f"Matches nothing now. Alerts of {which} would be silenced if the series had these labels."
        if not self.rules:
            return "Matches nothing: no evaluated rule matches all of these criteria."
        firing = f"{self.firing:,}" if self.firing else "none"
        return f"Matches {counted(self.rules, 'rule')}, {counted(self.instances, 'instance')}, {firing} firing now."


def begin_silenced() -> None:
    """Create the temporary table eval_silenced, empty."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_SILENCE_TABLES)


def gather_silenced(now: datetime, unread: list[str] | None = None) -> int:
    """Fill eval_silenced with the instances that are covered at `now`; return their number. Silences that cannot be
    read cover nothing; their id and error are appended to `unread`."""
    begin_silenced()
    on = list(_on(now, unread))
    if not on:
        return 0
    with connection.cursor() as cursor:
        _fill_silences([_row(silence, window.end, words_of(silence, window)) for silence, window in on])
        cursor.execute(FILL)
        found = int(cursor.rowcount)
        cursor.execute(FILL_SERIES)
        found += int(cursor.rowcount)
        cursor.execute("ANALYZE eval_silenced; DROP TABLE eval_silences")
        return found


def covered(silence: Silence, *, owner: UUID | None = None, maximum: int = 20, now: datetime | None = None) -> Coverage:
    """The coverage of `silence`, saved or not, while it is active, at `now`; only rules of `owner` where one is
    given."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS eval_silences")
        _fill_silences([_row(silence)])
        fill_known_instances(COVERED_INSTANCES_SQL, owner, now or timezone.now())
        cursor.execute(COVERED, {"owner": owner, "maximum": maximum})
        rows = cursor.fetchall()
        if not rows:
            cursor.execute(RULES_ON_SERIES, {"owner": owner})
            return Coverage(later=int(cursor.fetchone()[0]))
    rules, instances, firing = (int(total) for total in rows[0][6:])
    return Coverage(rules, instances, firing, tuple(CoveredRule(*row[:6]) for row in rows))


def words_of(silence: Silence, window: Window) -> str:
    """The note on a suppressed instance: `Silenced by “Database upgrade” (Olga) until … UTC`."""
    comment = (
        silence.comment
        if len(silence.comment) <= MAX_COMMENT_IN_REASON
        else silence.comment[:MAX_COMMENT_IN_REASON] + "…"
    )
    maker = f" ({silence.created_by})" if silence.created_by else ""
    return f"Silenced by “{comment}”{maker} until {clock_utc(window.end)}"


def _on(now: datetime, unread: list[str] | None = None) -> Iterable[tuple[Silence, Window]]:
    """The silences that are active at `now`. One that cannot be read is left out: better one notification too many."""
    standing = Silence.objects.standing(now).filter(starts_at__lte=now).select_related("created_by")
    for silence in readable(standing, unread):
        try:
            window = window_at(silence, now)
        except (ValueError, OverflowError) as error:
            log.warning("silence cannot be read", silence=str(silence.pk), cause=str(error))
            if unread is not None:
                unread.append(f"{silence.pk}: {error}")
            continue
        if window:
            yield silence, window


def _fill_silences(rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE eval_silences ({SILENCE_COLUMN_TYPES})")
    copy_rows("eval_silences", list(SILENCES), list(SILENCES.values()), rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE eval_silences")


def _row(silence: Silence, until: datetime | None = None, words: str = "") -> tuple[Any, ...]:
    return (
        silence.pk, silence.user_id, silence.rule_id, silence.metric, silence.person_id, Jsonb(silence.labels or {}),
        until, words,
    )  # fmt: skip
