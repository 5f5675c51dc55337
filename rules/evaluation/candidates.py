"""Stage 3 of an evaluation: one statement joins rules, readings and states, and keeps what may change.

Only rules that `rules.evaluation.quiet_rules` has not left out are examined, and none of them by Python.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg.types.json import Jsonb

from rules.engine.evaluated_rules import EVALUATED_SQL
from rules.engine.open_alerts import open_sql
from rules.evaluation.beyond_range import give_causes, with_causes
from rules.evaluation.composite import judge_composed, make_tables
from rules.evaluation.quiet_rules import EXAMINED
from rules.evaluation.readings import BY_HASHING
from rules.evaluation.series.aggregates import judge_series
from rules.evaluation.series.missed import count_missed
from rules.evaluation.series.selection import NO_SERIES, Selection
from rules.evaluation.series.verdicts import series_verdicts
from rules.evaluation.slow_statement import NEVER_SLOW, SlowStatement
from rules.evaluation.verdict_queries import (
    ANY_KINDS,
    IS_COMPOSED,
    TRUSTED,
    KindsOfRules,
    failed,
    verdicts,
)
from rules.isolation import NOBODYS, NOT_EVALUATED, SECONDS_AGAIN, Isolated, isolate

COMPOSED = f"{TRUSTED} AND {IS_COMPOSED}"
IS_OPEN = open_sql("")
MEETS = f"""(verdict = 'met' OR (verdict = 'held' AND {IS_OPEN}) OR (verdict = 'failed' AND error_policy = 'fire')
    OR (verdict = 'missing' AND (no_data_policy = 'fire'
        OR (no_data_policy = 'keep' AND {IS_OPEN} AND condition <> 'recovering'))))"""
STAYS_PENDING = "(condition = 'pending' AND since + pending_for > %(now)s)"
STAYS_FIRING = """(condition = 'firing' AND (was_critical OR NOT worsens)
    AND silence_id IS NOT DISTINCT FROM silencing_id
    AND NOT coalesce(handling <> 'open' AND handled_until <= %(now)s, false)
    AND (draft OR silencing_id IS NOT NULL OR handling <> 'open' OR coalesce(retry_at > %(now)s, false)
    OR (retry_at IS NULL AND last_notified_at IS NOT NULL AND last_notified_at + repeat_every > %(now)s)))"""
STAYS_RECOVERING = "(condition = 'recovering' AND since + keep_firing_for > %(now)s)"
# As in rules.engine.state_machine, an instance whose state is newer than `now` does not change. This is a prefilter:
# what passes may still stay unchanged; what does not pass must.
# The first comparison leaves out nearly all; each of the others computes the verdict anew.
MAY_CHANGE = f"""NOT (verdict = 'clear' AND condition = 'ok')
  AND coalesce(greatest(since, last_notified_at) <= %(now)s, true) AND CASE
    WHEN {MEETS} THEN NOT ({STAYS_PENDING} OR {STAYS_FIRING})
    WHEN verdict IN ('clear', 'held') THEN NOT (condition = 'ok' OR {STAYS_RECOVERING})
    WHEN verdict = 'missing' THEN NOT (condition = 'no_data' OR {STAYS_RECOVERING}
                                       OR (condition = 'recovering' AND no_data_policy = 'keep'))
    WHEN verdict = 'gone' THEN condition <> 'ok'
    WHEN verdict = 'unseen' THEN false
    ELSE NOT (condition = 'error' AND reason = cause) END"""
# Rules that failed the last time. They are evaluated again, after the others.
SUSPECTS = "SELECT DISTINCT rule_id FROM rule_states WHERE condition = 'error' AND reason LIKE %(marker)s"
# In tables of another application a rule may belong to a person who does not exist here.
OF_NOBODY = """
DELETE FROM eval_candidates c WHERE NOT EXISTS (SELECT FROM smartagent_users u WHERE u.id = c.subject_id)
"""
DELETE_MISSING = "DELETE FROM eval_candidates WHERE verdict = 'missing'"
# A source that gives two readings for one instance makes it a candidate twice; the newest reading counts.
DELETE_DUPLICATES = """
DELETE FROM eval_candidates c USING (
    SELECT n, row_number() OVER (PARTITION BY rule_id, subject_id, target ORDER BY observed_at DESC NULLS LAST) AS place
      FROM eval_candidates) d
 WHERE d.n = c.n AND d.place > 1
"""


def only(owner: UUID | None, rule: UUID | None) -> tuple[str, dict[str, Any]]:
    """An SQL condition on r, and its parameters, for the rules of one person, or one rule."""
    sql = (" AND r.user_id = %(owner)s" if owner else "") + (" AND r.id = %(rule)s" if rule else "")
    return sql, {"owner": owner, "rule": rule}


def find_candidates(
    now: datetime, owner: UUID | None, rule: UUID | None, of: KindsOfRules = ANY_KINDS, series: Selection = NO_SERIES,
    slow: SlowStatement = NEVER_SLOW, set_back: bool = False,
) -> tuple[int, Isolated[UUID]]:  # fmt: skip
    """Fill eval_candidates with the instances of eval_examined that may change at `now`; return their number, and the
    rules that could not be evaluated in the common statement. `series` were found for the rules on series; `slow` keeps
    the plan of that statement. Where the clock was `set_back`, no instance changes for want of data."""
    condition, params = only(owner, rule)
    of_series, condition = condition, condition + EXAMINED
    isolated = Isolated[UUID]()
    with connection.cursor() as cursor:
        cursor.execute(BY_HASHING)
        cursor.execute("ANALYZE eval_silenced")  # else the planner takes the empty table for the larger one
        cursor.execute("DROP TABLE IF EXISTS eval_candidates")
        try:
            with transaction.atomic():
                judged = _judge_readings(now, condition, params, of=of, series=series)
                with slow.explained(cursor, _changing(judged), _params(params, now)):
                    cursor.execute(_making(judged), _params(params, now))
        except NOBODYS:
            raise
        except DatabaseError:
            isolated = _find_by_halves(now, condition, params, series)
        if set_back:
            cursor.execute(DELETE_MISSING)
        elif series.any_rules:
            count_missed(of_series, params)
        cursor.execute(OF_NOBODY)
        cursor.execute(DELETE_DUPLICATES)
        give_causes(cursor)
        cursor.execute("CREATE INDEX ON eval_candidates (n)")
        cursor.execute("ANALYZE eval_candidates")
        cursor.execute("SELECT coalesce(max(n), 0) FROM eval_candidates")
        return int(cursor.fetchone()[0]), isolated


SILENCES_SERIES = "SELECT EXISTS (SELECT FROM eval_silenced_series)"
# Silences that match labels of series; the one that lasts longest counts.
_OF_LABELS = """LEFT JOIN LATERAL (
       SELECT x.silence_id, x.words FROM eval_silenced_series x
        WHERE x.rule_id = i.rule_id AND x.subject_id = i.subject_id AND i.labels @> x.labels
        ORDER BY x.until DESC, x.silence_id LIMIT 1) AS x ON true"""


def _judged(readings: str) -> str:
    """The SELECT of each instance's verdict, previous state and silence."""
    with connection.cursor() as cursor:
        cursor.execute(SILENCES_SERIES)
        of_labels = bool(cursor.fetchone()[0])
    silence, words = (f"coalesce(q.{name}, x.{name})" if of_labels else f"q.{name}" for name in ("silence_id", "words"))
    return f"""
SELECT i.*, s.id AS state_id, coalesce(s.condition, 'ok') AS condition, coalesce(s.reason, '') AS reason, s.since,
       coalesce(s.episode, 0) AS episode, s.fired_at, coalesce(s.handling, 'open') AS handling, s.handled_until,
       s.last_notified_at, s.retry_at, s.silence_id, coalesce(s.critical, false) AS was_critical,
       coalesce(s.flapping, false) AS flapping, s.changes, {silence} AS silencing_id, coalesce({words}, '') AS words
  FROM ({readings}) AS i
  LEFT JOIN rule_states s ON s.rule_id = i.rule_id AND s.user_id = i.subject_id AND s.target = i.target
  LEFT JOIN eval_silenced q ON q.rule_id = i.rule_id AND q.subject_id = i.subject_id
  {_OF_LABELS if of_labels else ""}
"""


def _changing(readings: str) -> str:
    return f"SELECT row_number() OVER () AS n, * FROM ({_judged(readings)}) AS judged WHERE {MAY_CHANGE}"


def _making(readings: str) -> str:
    return f"CREATE TEMP TABLE eval_candidates AS {_changing(readings)}"


def _adding(readings: str) -> str:
    return f"""
INSERT INTO eval_candidates
SELECT (SELECT coalesce(max(n), 0) FROM eval_candidates) + row_number() OVER (), *
  FROM ({_judged(readings)}) AS judged WHERE {MAY_CHANGE}
"""


def add_candidates(readings: str, params: dict[str, Any], now: datetime) -> int:
    """Add to eval_candidates the instances of `readings`, a SELECT of verdicts, that may change at `now`; return their
    number."""
    with connection.cursor() as cursor:
        cursor.execute(_adding(readings), _params(params, now))
        return int(cursor.rowcount)


def _params(params: dict[str, Any], now: datetime) -> dict[str, Any]:
    return params | {"now": now, "limit": settings.MAX_INSTANCES_PER_RULE}


def _find_by_halves(now: datetime, condition: str, params: dict[str, Any], series: Selection) -> Isolated[UUID]:
    """Fill eval_candidates in subsets, halved where one fails; rules that fail alone are added as failed."""
    make_tables(now, COMPOSED)
    if series.any_rules:
        judge_series(now, " AND false", params)
    with connection.cursor() as cursor:
        empty = _making(verdicts(condition, composed=False))
        cursor.execute(f"{empty} WITH NO DATA", params | {"now": now})
        cursor.execute("CREATE INDEX ON eval_readings (metric, target, user_id)")
        cursor.execute(f"SELECT r.id FROM automation_rules r WHERE {EVALUATED_SQL} {condition} ORDER BY r.id", params)
        keys = _from_another_place([key for (key,) in cursor.fetchall()], now)
        cursor.execute(SUSPECTS, {"marker": NOT_EVALUATED + "%"})
        suspects = {key for (key,) in cursor.fetchall()}

    def attempt(some: Sequence[UUID]) -> None:
        among, these = f"{condition} AND r.id = ANY(%(keys)s)", params | {"keys": list(some), "now": now}
        readings = _judge_readings(now, among, these, again=True, series=series)
        with connection.cursor() as cursor:
            cursor.execute(_adding(readings), _params(these, now))

    found = isolate([key for key in keys if key not in suspects], attempt)
    found.update(isolate([key for key in keys if key in suspects], attempt, SECONDS_AGAIN))
    _put_down(found.culprits, now)
    return found


def _from_another_place(keys: list[UUID], now: datetime) -> list[UUID]:
    """The keys, rotated by the time: where time does not suffice for all, others are left out each time."""
    start = round(now.timestamp()) * len(keys) * 7 // 12_289 % max(len(keys), 1)
    return keys[start:] + keys[:start]


def _put_down(culprits: dict[UUID, str], now: datetime) -> None:
    """Add each failing rule as a failed candidate, with its error."""
    cause = f"'{NOT_EVALUATED}' || (%(causes)s::jsonb->>r.id::text)"
    sql = _adding(failed(cause, "AND r.id = ANY(%(keys)s)"))

    def attempt(some: Sequence[UUID]) -> None:
        causes = Jsonb({str(key): culprits[key] for key in some})
        with connection.cursor() as cursor:
            params: dict[str, Any] = {"keys": list(some), "causes": causes, "now": now}
            cursor.execute(sql, params)

    isolate(list(culprits), attempt)


def judge(now: datetime, rule: UUID, series: Selection = NO_SERIES) -> list[dict[str, Any]]:
    """The verdicts of all instances of one rule: subject_id, target and labels, verdict, value, observed_at, error,
    whether it is critical, and each condition where the rule is not a simple one."""
    condition, params = only(None, rule)
    names = [
        "subject_id", "target", "labels", "verdict", "value", "observed_at", "cause", "worsens", "conditions",
    ]  # fmt: skip
    judged = _judge_readings(now, condition, params, series=series)
    with connection.cursor() as cursor:
        cursor.execute(with_causes(judged, names), _params(params, now))
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _judge_readings(
    now: datetime, condition: str, params: dict[str, Any], *, of: KindsOfRules = ANY_KINDS, again: bool = False,
    series: Selection = NO_SERIES,
) -> str:  # fmt: skip
    """The SELECT of the verdicts; without the parts for composed rules and rules on series where there are none."""
    composed = judge_composed(now, COMPOSED, condition, params, again=again)
    judged = verdicts(condition, composed=bool(composed), of=of)
    if not series.any_rules:
        return judged
    judge_series(now, condition, params, again=again)
    return f"SELECT * FROM ({judged}) AS others UNION ALL {series_verdicts(condition, series)}"
