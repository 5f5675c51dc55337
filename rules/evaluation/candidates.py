"""Stage 3 of an evaluation: one statement joins rules, readings and states, and keeps what may change.

A million rules of which nothing changed cost this join, and no Python.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from psycopg.types.json import Jsonb

from rules.authority import IS_TRUSTED, REFUSAL
from rules.engine.conditions import met_sql, verdict_sql
from rules.engine.evaluated_rules import EVALUATED_SQL
from rules.engine.numeric_range import as_float_sql
from rules.engine.open_alerts import open_sql
from rules.evaluation.composite import judge_composed, make_tables
from rules.isolation import NOBODYS, NOT_EVALUATED, SECONDS_AGAIN, Isolated, isolate

IS_SIMPLE = "r.reducer = 'last' AND r.more_conditions = '[]'"
COLUMNS = f"""r.id AS rule_id, r.user_id AS owner_id, r.metric_type, r.condition_operator AS operator,
    {as_float_sql("r.threshold_value")} AS threshold, {as_float_sql("r.recovery_threshold")} AS recovery,
    {as_float_sql("r.critical_threshold")} AS critical, left(coalesce(r.target_integration, ''), 200) AS target,
    r.repeat_every, r.pending_for, r.keep_firing_for, r.no_data_policy, r.error_policy, r.status = 'draft' AS draft"""
# Another application may have written what no reading can be compared with, and times beyond all clocks.
SPAN = "BETWEEN '0' AND interval '1000 years'"
READABLE = {
    "The threshold is not a finite number.":
        "r.threshold_value > '-1e308' AND r.threshold_value < '1e308'",
    "The recovery threshold is not a finite number.":
        "(r.recovery_threshold IS NULL OR abs(r.recovery_threshold) < '1e308')",
    "The critical threshold is not a finite number.":
        "(r.critical_threshold IS NULL OR abs(r.critical_threshold) < '1e308')",
    "The operator is not one of <, <=, >, >=, = and !=.":
        "r.condition_operator IN ('<', '<=', '>', '>=', '=', '!=')",
    "The target has more than 200 characters.":
        "char_length(coalesce(r.target_integration, '')) <= 200",
    "A duration is below 0 or longer than 1,000 years.":
        f"r.pending_for {SPAN} AND r.keep_firing_for {SPAN} AND r.repeat_every {SPAN} AND r.evaluation_window {SPAN}",
}  # fmt: skip
IS_READABLE = " AND ".join(READABLE.values())
READABLE_ONES = f"{EVALUATED_SQL} AND {IS_READABLE}"
TRUSTED = f"{READABLE_ONES} AND {IS_TRUSTED}"
INSTANCES = f"""
SELECT {COLUMNS}, r.user_id AS subject_id FROM automation_rules r
 WHERE {TRUSTED} AND {{kind}} AND r.applies_to = 'owner' {{only}}
UNION ALL
SELECT {COLUMNS}, u.id FROM automation_rules r CROSS JOIN smartagent_users u
 WHERE {TRUSTED} AND {{kind}} AND r.applies_to = 'everyone' AND u.is_active {{only}}
"""
VALUE = "coalesce(own.value, platform.value)"
# One simple condition is judged here; windows and several conditions are judged by rules.evaluation.composite.
SIMPLE = f"""
SELECT i.*, CASE WHEN f.metric IS NOT NULL THEN 'failed' ELSE {verdict_sql(VALUE, "i")} END AS verdict,
       coalesce(f.cause, '') AS cause, {VALUE} AS value, coalesce(own.observed_at, platform.observed_at) AS observed_at,
       coalesce({met_sql(VALUE, "i.operator", "i.critical")}, false) AS worsens, NULL::jsonb AS conditions
  FROM ({INSTANCES.replace("{kind}", IS_SIMPLE)}) AS i
  LEFT JOIN tick_failures f ON f.metric = i.metric_type
  LEFT JOIN tick_readings own
         ON own.metric = i.metric_type AND own.target = i.target AND own.user_id = i.subject_id
  LEFT JOIN tick_readings platform
         ON platform.metric = i.metric_type AND platform.target = i.target AND platform.user_id IS NULL
"""
COMPOSED = f"""
SELECT i.*, v.verdict, v.cause, v.value, v.observed_at, v.worsens, v.conditions
  FROM ({INSTANCES.replace("{kind}", f"NOT ({IS_SIMPLE})")}) AS i
  JOIN tick_verdicts v ON v.rule_id = i.rule_id AND v.subject_id = i.subject_id
"""
# Of a rule that its owner may not have, its owner alone learns, and why.
REFUSED = f"""
SELECT {COLUMNS}, r.user_id AS subject_id, 'failed' AS verdict, {REFUSAL} AS cause, NULL::float8 AS value,
       NULL::timestamptz AS observed_at, false AS worsens, NULL::jsonb AS conditions
  FROM automation_rules r WHERE {READABLE_ONES} AND NOT {IS_TRUSTED} {{only}}
"""
# Of a rule that cannot be read, or that makes the statement fail, its owner learns why; nothing of it is calculated.
FAILED = f"""
SELECT r.id AS rule_id, r.user_id AS owner_id, r.metric_type, r.condition_operator AS operator,
       NULL::float8 AS threshold, NULL::float8 AS recovery, NULL::float8 AS critical,
       left(coalesce(r.target_integration, ''), 200) AS target, interval '4 hours' AS repeat_every,
       interval '0' AS pending_for, interval '0' AS keep_firing_for,
       r.no_data_policy, 'keep' AS error_policy, r.status = 'draft' AS draft,
       r.user_id AS subject_id, 'failed' AS verdict, {{cause}} AS cause, NULL::float8 AS value,
       NULL::timestamptz AS observed_at, false AS worsens, NULL::jsonb AS conditions
  FROM automation_rules r WHERE {EVALUATED_SQL} {{only}}
"""
_WHY = " ".join(f"WHEN NOT coalesce({readable}, false) THEN '{why}'" for why, readable in READABLE.items())
UNREADABLE = FAILED.replace("{cause}", f"'{NOT_EVALUATED}' || CASE {_WHY} END").replace(
    "{only}", f"AND NOT coalesce({IS_READABLE}, false) {{only}}"
)
FIRES = open_sql("")
MEETS = f"""(verdict = 'met' OR (verdict = 'held' AND {FIRES}) OR (verdict = 'failed' AND error_policy = 'fire')
    OR (verdict = 'missing' AND (no_data_policy = 'fire'
        OR (no_data_policy = 'keep' AND {FIRES} AND condition <> 'recovering'))))"""
STAYS_PENDING = "(condition = 'pending' AND since + pending_for > %(now)s)"
STAYS_FIRING = """(condition = 'firing' AND (was_critical OR NOT worsens)
    AND silence_id IS NOT DISTINCT FROM silencing_id
    AND NOT coalesce(handling <> 'open' AND handled_until <= %(now)s, false)
    AND (draft OR silencing_id IS NOT NULL OR handling <> 'open' OR coalesce(retry_at > %(now)s, false)
    OR (retry_at IS NULL AND last_notified_at IS NOT NULL AND last_notified_at + repeat_every > %(now)s)))"""
STAYS_RECOVERING = "(condition = 'recovering' AND since + keep_firing_for > %(now)s)"
# As in rules.engine.state_machine, the past does not change an instance that is further in time. What is let through
# here may still stay where it is; what is held back must.
MAY_CHANGE = f"""coalesce(greatest(since, last_notified_at) <= %(now)s, true) AND CASE
    WHEN {MEETS} THEN NOT ({STAYS_PENDING} OR {STAYS_FIRING})
    WHEN verdict IN ('clear', 'held') THEN NOT (condition = 'ok' OR {STAYS_RECOVERING})
    WHEN verdict = 'missing' THEN NOT (condition = 'no_data' OR {STAYS_RECOVERING}
                                       OR (condition = 'recovering' AND no_data_policy = 'keep'))
    ELSE NOT (condition = 'error' AND reason = cause) END"""
JUDGED = """
SELECT i.*, s.id AS state_id, coalesce(s.condition, 'ok') AS condition, coalesce(s.reason, '') AS reason, s.since,
       coalesce(s.episode, 0) AS episode, s.fired_at, coalesce(s.handling, 'open') AS handling, s.handled_until,
       s.last_notified_at, s.retry_at, s.silence_id, coalesce(s.critical, false) AS was_critical,
       coalesce(s.flapping, false) AS flapping, s.changes, q.silence_id AS silencing_id, coalesce(q.words, '') AS words
  FROM ({readings}) AS i
  LEFT JOIN rule_states s ON s.rule_id = i.rule_id AND s.user_id = i.subject_id AND s.target = i.target
  LEFT JOIN tick_silenced q ON q.rule_id = i.rule_id AND q.subject_id = i.subject_id
"""
CANDIDATES = f"""
CREATE TEMP TABLE tick_candidates AS
SELECT row_number() OVER () AS n, * FROM ({JUDGED}) AS judged WHERE {MAY_CHANGE}
"""
MORE_CANDIDATES = f"""
INSERT INTO tick_candidates
SELECT (SELECT coalesce(max(n), 0) FROM tick_candidates) + row_number() OVER (), *
  FROM ({JUDGED}) AS judged WHERE {MAY_CHANGE}
"""
# Those that were culprits the last time. They are tried again, but the others first.
SUSPECTS = "SELECT DISTINCT rule_id FROM rule_states WHERE condition = 'error' AND reason LIKE %(marker)s"
# To sort the names of metrics costs more than the join itself.
BY_HASHING = "SET LOCAL enable_mergejoin = off; SET LOCAL work_mem = '64MB'"
# Only in tables of another application can there be a rule of somebody who is not here.
OF_NOBODY = """
DELETE FROM tick_candidates c WHERE NOT EXISTS (SELECT FROM smartagent_users u WHERE u.id = c.subject_id)
"""
# Only a source that gives two readings for one instance makes it twice a candidate; the newest reading counts.
SAID_TWICE = """
DELETE FROM tick_candidates c USING (
    SELECT n, row_number() OVER (PARTITION BY rule_id, subject_id, target ORDER BY observed_at DESC NULLS LAST) AS place
      FROM tick_candidates) d
 WHERE d.n = c.n AND d.place > 1
"""
COUNTS = f"""
SELECT count(*), coalesce(sum(CASE WHEN r.applies_to = 'everyone' AND {IS_TRUSTED} THEN people ELSE 1 END), 0)
  FROM automation_rules r, (SELECT count(*) AS people FROM smartagent_users WHERE is_active) AS u
 WHERE {READABLE_ONES} {{only}}
"""


def only(owner: UUID | None, rule: UUID | None) -> tuple[str, dict[str, Any]]:
    """The SQL condition on r, and its parameters, that leaves one person's rules, or one rule."""
    sql = (" AND r.user_id = %(owner)s" if owner else "") + (" AND r.id = %(rule)s" if rule else "")
    return sql, {"owner": owner, "rule": rule}


def find_candidates(now: datetime, owner: UUID | None, rule: UUID | None) -> tuple[int, Isolated[UUID]]:
    """Fill tick_candidates with the instances that may change at `now`; return how many they are, and the rules that
    could not be evaluated with the others."""
    condition, params = only(owner, rule)
    isolated = Isolated[UUID]()
    with connection.cursor() as cursor:
        cursor.execute(BY_HASHING)
        cursor.execute("DROP TABLE IF EXISTS tick_candidates")
        try:
            with transaction.atomic():
                readings = _judge_readings(now, condition, params)
                cursor.execute(_filled(CANDIDATES, readings, condition), params | {"now": now})
        except NOBODYS:
            raise
        except DatabaseError:
            isolated = _find_by_halves(now, condition, params)
        cursor.execute(OF_NOBODY)
        cursor.execute(SAID_TWICE)
        cursor.execute("CREATE INDEX ON tick_candidates (n)")
        cursor.execute("ANALYZE tick_candidates")
        cursor.execute("SELECT coalesce(max(n), 0) FROM tick_candidates")
        return int(cursor.fetchone()[0]), isolated


def _filled(statement: str, readings: str, condition: str) -> str:
    return statement.replace("{readings}", readings).replace("{only}", condition)


def _find_by_halves(now: datetime, condition: str, params: dict[str, Any]) -> Isolated[UUID]:
    """Fill tick_candidates set by set, and with the culprits as failed."""
    make_tables(now, TRUSTED, IS_SIMPLE)
    with connection.cursor() as cursor:
        empty = _filled(CANDIDATES, " UNION ALL ".join([SIMPLE, REFUSED, UNREADABLE]), condition)
        cursor.execute(f"{empty} WITH NO DATA", params | {"now": now})
        cursor.execute("CREATE INDEX ON tick_readings (metric, target, user_id)")
        cursor.execute(f"SELECT r.id FROM automation_rules r WHERE {EVALUATED_SQL} {condition} ORDER BY r.id", params)
        keys = _from_another_place([key for (key,) in cursor.fetchall()], now)
        cursor.execute(SUSPECTS, {"marker": NOT_EVALUATED + "%"})
        suspects = {key for (key,) in cursor.fetchall()}

    def attempt(some: Sequence[UUID]) -> None:
        among, these = f"{condition} AND r.id = ANY(%(keys)s)", params | {"keys": list(some), "now": now}
        readings = _judge_readings(now, among, these, again=True)
        with connection.cursor() as cursor:
            cursor.execute(_filled(MORE_CANDIDATES, readings, among), these)

    found = isolate([key for key in keys if key not in suspects], attempt)
    found.update(isolate([key for key in keys if key in suspects], attempt, SECONDS_AGAIN))
    _put_down(found.culprits, now)
    return found


def _from_another_place(keys: list[UUID], now: datetime) -> list[UUID]:
    """The keys, begun at each evaluation at another place: where the time does not suffice for all, others are left."""
    start = round(now.timestamp()) * len(keys) * 7 // 12_289 % max(len(keys), 1)
    return keys[start:] + keys[:start]


def _put_down(culprits: dict[UUID, str], now: datetime) -> None:
    """Each culprit becomes a candidate that has failed, by the cause."""
    readings = FAILED.replace("{cause}", f"'{NOT_EVALUATED}' || (%(causes)s::jsonb->>r.id::text)")
    sql = _filled(MORE_CANDIDATES, readings, "AND r.id = ANY(%(keys)s)")

    def attempt(some: Sequence[UUID]) -> None:
        causes = Jsonb({str(key): culprits[key] for key in some})
        with connection.cursor() as cursor:
            params: dict[str, Any] = {"keys": list(some), "causes": causes, "now": now}
            cursor.execute(sql, params)

    isolate(list(culprits), attempt)


def judge(now: datetime, rule: UUID) -> list[dict[str, Any]]:
    """The verdicts on every instance of one rule: subject_id, verdict, value, observed_at, cause, whether it is
    critical, and its conditions one by one where there are more than one simple one."""
    condition, params = only(None, rule)
    names = ["subject_id", "verdict", "value", "observed_at", "cause", "worsens", "conditions"]
    judged = _judge_readings(now, condition, params).replace("{only}", condition)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM ({judged}) AS judged", params | {"now": now})
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _judge_readings(now: datetime, condition: str, params: dict[str, Any], *, again: bool = False) -> str:
    """The SELECT of what the readings say: of simple rules alone where no other is evaluated."""
    composed = judge_composed(now, TRUSTED, IS_SIMPLE, condition, params, again=again)
    return " UNION ALL ".join([SIMPLE, REFUSED, UNREADABLE, *([COMPOSED] if composed else [])])


def count_instances(owner: UUID | None, rule: UUID | None) -> tuple[int, int]:
    """How many rules are evaluated, and how many instances they have."""
    condition, params = only(owner, rule)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.replace("{only}", condition), params)
        rules, instances = cursor.fetchone()
        return int(rules), int(instances)
