"""The verdicts of instances as SQL: of simple, composed, refused and unreadable rules.

`only` is an SQL condition on automation_rules r that begins with AND, or empty. eval_readings and eval_failures must
exist, for composed rules eval_verdicts too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from rules.authority import IS_TRUSTED, REFUSAL
from rules.engine.conditions import met_sql, verdict_sql
from rules.engine.evaluated_rules import EVALUATED_SQL
from rules.engine.numeric_range import as_float_sql
from rules.isolation import NOT_EVALUATED

HAS_ONE_READING = "r.reducer = 'last' AND r.more_conditions = '[]'"
IS_SIMPLE = f"r.series_mode = 'one' AND {HAS_ONE_READING}"
IS_COMPOSED = f"r.series_mode = 'one' AND NOT ({HAS_ONE_READING})"
RULE_COLUMNS = f"""r.id AS rule_id, r.user_id AS owner_id, r.metric_type, r.condition_operator AS operator,
    {as_float_sql("r.threshold_value")} AS threshold, {as_float_sql("r.recovery_threshold")} AS recovery,
    {as_float_sql("r.critical_threshold")} AS critical, {{target}} AS target, r.repeat_every,
    r.pending_for, r.keep_firing_for, r.no_data_policy, r.error_policy, r.status = 'draft' AS draft"""
OWN_TARGET = "left(coalesce(r.target_integration, ''), 200)"
COLUMNS = RULE_COLUMNS.format(target=OWN_TARGET)
# Another application may have written thresholds that cannot be compared, and times out of range.
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
# One expression, of which the planner expects that it holds for every second rule; of each comparison, for every third.
IS_READABLE = f"coalesce({' AND '.join(READABLE.values())}, false)"
READABLE_ONES = f"{EVALUATED_SQL} AND {IS_READABLE}"
TRUSTED = f"{READABLE_ONES} AND {IS_TRUSTED}"
VALUE = "coalesce(own.value, platform.value)"
_WHY = " ".join(f"WHEN NOT coalesce({readable}, false) THEN '{why}'" for why, readable in READABLE.items())
# Keeps PostgreSQL from writing out an expression of a subquery wherever the query around it names the column.
ONCE = "OFFSET 0"
KIND_COLUMNS = f"r.applies_to = 'everyone' AS everyone, {IS_TRUSTED} AS trusted, {IS_READABLE} AS readable"
PEOPLE = "SELECT count(*) FROM smartagent_users WHERE is_active"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindsOfRules:
    """Which kinds of rules may exist: an evaluation skips the scan for a kind that does not."""

    everyone: bool = True
    refused: bool = True
    unreadable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many rules are evaluated, how many instances they have, and which kinds of rules there are."""

    rules: int
    instances: int
    kinds: KindsOfRules


class Kind(NamedTuple):
    """The kind of a rule: on everyone or not, allowed for its owner or not, readable or not."""

    everyone: bool
    trusted: bool
    readable: bool


ANY_KINDS = KindsOfRules()  # where they were not counted


def census(groups: Collection[tuple[bool, bool, bool, int]]) -> Census:
    """The census of groups of rules: everyone, trusted, readable, and their number."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        (people,) = cursor.fetchone()
    kinds = [(Kind(*kind), count) for *kind, count in groups]
    readable = [(kind, count) for kind, count in kinds if kind.readable]
    return Census(
        rules=sum(count for _, count in readable),
        instances=sum(count * (people if kind.everyone and kind.trusted else 1) for kind, count in readable),
        kinds=KindsOfRules(
            everyone=any(kind.everyone and kind.trusted for kind, _ in readable),
            refused=not all(kind.trusted for kind, _ in readable),
            unreadable=not all(kind.readable for kind, _ in kinds),
        ),
    )


def verdicts(only: str, *, composed: bool, of: KindsOfRules = ANY_KINDS) -> str:
    """The SELECT of the verdicts on all instances; `composed` where eval_verdicts has rows."""
    parts = [simple(only, everyone=of.everyone)]
    if composed:
        parts.append(_composed(only, everyone=of.everyone))
    if of.refused:
        parts.append(_refused(only))
    if of.unreadable:
        parts.append(_unreadable(only))
    return " UNION ALL ".join(parts) if len(parts) > 1 else f"{parts[0]} {ONCE}"


def _instances(kind: str, only: str, *, everyone: bool) -> str:
    """One row for each allowed rule of `kind` and each person it watches."""
    of_owner = f"""SELECT {COLUMNS}, r.user_id AS subject_id FROM automation_rules r
        WHERE {TRUSTED} AND {kind} AND r.applies_to = 'owner' {only}"""
    of_everyone = f"""SELECT {COLUMNS}, u.id FROM automation_rules r CROSS JOIN smartagent_users u
        WHERE {TRUSTED} AND {kind} AND r.applies_to = 'everyone' AND u.is_active {only}"""
    return f"{of_owner} UNION ALL {of_everyone}" if everyone else f"{of_owner} {ONCE}"


def simple(only: str, *, everyone: bool = True) -> str:
    """The verdicts of rules with one simple condition; `rules.evaluation.composite` has the others."""
    return f"""
SELECT i.*, CASE WHEN f.metric IS NOT NULL THEN 'failed' ELSE {verdict_sql(VALUE, "i")} END AS verdict,
       coalesce(f.cause, '') AS cause, {VALUE} AS value, coalesce(own.observed_at, platform.observed_at) AS observed_at,
       coalesce({met_sql(VALUE, "i.operator", "i.critical")}, false) AS worsens, NULL::jsonb AS conditions,
       NULL::jsonb AS labels
  FROM ({_instances(IS_SIMPLE, only, everyone=everyone)}) AS i
  LEFT JOIN eval_failures f ON f.metric = i.metric_type
  LEFT JOIN eval_readings own
         ON own.metric = i.metric_type AND own.target = i.target AND own.user_id = i.subject_id
  LEFT JOIN eval_readings platform
         ON platform.metric = i.metric_type AND platform.target = i.target AND platform.user_id IS NULL
"""


def _composed(only: str, *, everyone: bool) -> str:
    return f"""
SELECT i.*, v.verdict, v.cause, v.value, v.observed_at, v.worsens, v.conditions, NULL::jsonb AS labels
  FROM ({_instances(IS_COMPOSED, only, everyone=everyone)}) AS i
  JOIN eval_verdicts v ON v.rule_id = i.rule_id AND v.subject_id = i.subject_id
"""


def _refused(only: str) -> str:
    """A failed verdict, for the owner alone, on each rule that its owner may not have, with the reason."""
    return f"""
SELECT {COLUMNS}, r.user_id AS subject_id, 'failed' AS verdict, {REFUSAL} AS cause, NULL::float8 AS value,
       NULL::timestamptz AS observed_at, false AS worsens, NULL::jsonb AS conditions,
       NULL::jsonb AS labels
  FROM automation_rules r WHERE {READABLE_ONES} AND NOT {IS_TRUSTED} {only}
"""


def _unreadable(only: str) -> str:
    return failed(f"'{NOT_EVALUATED}' || CASE {_WHY} END", f"AND NOT {IS_READABLE} {only}")


def failed(cause: str, only: str) -> str:
    """A failed verdict, for the owner, on rules that cannot be read or make the statement fail; nothing of them is
    computed. `cause` is SQL."""
    return f"""
SELECT r.id AS rule_id, r.user_id AS owner_id, r.metric_type, r.condition_operator AS operator,
       NULL::float8 AS threshold, NULL::float8 AS recovery, NULL::float8 AS critical,
       left(coalesce(r.target_integration, ''), 200) AS target, interval '4 hours' AS repeat_every,
       interval '0' AS pending_for, interval '0' AS keep_firing_for,
       r.no_data_policy, 'keep' AS error_policy, r.status = 'draft' AS draft,
       r.user_id AS subject_id, 'failed' AS verdict, {cause} AS cause, NULL::float8 AS value,
       NULL::timestamptz AS observed_at, false AS worsens, NULL::jsonb AS conditions,
       NULL::jsonb AS labels
  FROM automation_rules r WHERE {EVALUATED_SQL} {only}
"""
