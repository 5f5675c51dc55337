"""Rules of which nothing can change, found by comparing each rule with its newest reading once.

A rule is quiet where it compares one reading with one threshold for its owner alone, the reading is clear of the
threshold, and all its instances are ok. Such an instance takes no step: see MAY_CHANGE of
`rules.evaluation.candidates`. The other rules are examined: table eval_examined. Pushed readings of quiet rules are
compared, but not stored.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction

from rules.data_sources.asking import QueryOutcome
from rules.engine.conditions import met_sql
from rules.engine.evaluated_rules import EVALUATED_SQL
from rules.engine.numeric_range import as_float_sql
from rules.evaluation.readings import gather_known, gather_pushed, known_metrics
from rules.evaluation.verdict_queries import IS_SIMPLE, KIND_COLUMNS, OWN_TARGET, Census, census
from rules.isolation import NOBODYS
from rules.metrics.pushed import NEWEST_OF_SERIES_SQL, Pushed

log = structlog.get_logger(__name__)
EXAMINED = " AND r.id IN (SELECT rule_id FROM eval_examined)"
_CLEAR = f"""NOT {met_sql("{value}", "r.condition_operator", as_float_sql("r.threshold_value"))}
    AND {{value}} > '-Infinity' AND {{value}} < 'Infinity'"""
IS_QUIET = f"""r.applies_to = 'owner' AND {IS_SIMPLE} AND {_CLEAR}
    AND NOT r.metric_type IN (SELECT metric FROM eval_failures)"""
_SAME = "{row}.metric = r.metric_type AND {row}.target = {target} AND {row}.user_id {owner}"


def _same(row: str, owner: str = "= r.user_id", target: str = OWN_TARGET) -> str:
    return _SAME.format(row=row, owner=owner, target=target)


# A series of the person's own without a usable sample is not replaced by the platform's: its rule is examined.
OF_PUSHED = f"""
  LEFT JOIN metric_series q ON {_same("q")} AND NOT q.metric = ANY(%(known)s)
  LEFT JOIN metric_series p ON {_same("p", "IS NULL")}
  LEFT JOIN LATERAL {NEWEST_OF_SERIES_SQL.format(series="coalesce(q.id, p.id)")} newest ON true
 WHERE NOT r.metric_type = ANY(%(known)s)"""
OF_KNOWN = f"""
  LEFT JOIN eval_readings own ON {_same("own")}
  LEFT JOIN eval_readings platform ON {_same("platform", "IS NULL")}
 WHERE r.metric_type = ANY(%(known)s)"""


def _part(quiet: str, source: str) -> str:
    return f"""SELECT r.id, {KIND_COLUMNS}, coalesce({quiet}, false) AS quiet
  FROM automation_rules r {source} AND {EVALUATED_SQL} {{only}}"""


_GROUPS = """
CREATE TEMP TABLE eval_kinds AS
SELECT everyone, trusted, readable, count(*) AS rules,
       array_agg(id) FILTER (WHERE NOT (trusted AND readable AND quiet)) AS examined
  FROM ({parts}) AS rules GROUP BY everyone, trusted, readable
"""
FIND_KINDS = _GROUPS.format(
    parts=" UNION ALL ".join(
        [
            _part(IS_QUIET.format(value="newest.value"), OF_PUSHED),
            _part(IS_QUIET.format(value="coalesce(own.value, platform.value)"), OF_KNOWN),
        ]
    )
)
ALL_KINDS = _GROUPS.format(parts=_part("false", "WHERE true"))  # where they cannot be compared
FILL_EXAMINED = """
CREATE TEMP TABLE eval_examined AS
SELECT unnest(examined) AS rule_id FROM eval_kinds
 UNION ALL
SELECT rule_id FROM rule_states WHERE condition <> 'ok';
ANALYZE eval_examined
"""


def gather_examined(
    now: datetime, only: str, params: dict[str, Any], person: UUID | None = None, outcomes: Sequence[QueryOutcome] = ()
) -> Census:
    """Fill eval_readings, eval_failures and eval_examined as of `now`, for the rules that the SQL condition `only` on r
    leaves; return their census."""
    gather_known(now, person, outcomes)
    found = _examine(now, only, params)
    gather_pushed(now, person, EXAMINED)
    return found


def _examine(now: datetime, only: str, params: dict[str, Any]) -> Census:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS eval_kinds, eval_examined")
        try:
            with transaction.atomic():
                known = known_metrics()
                given = params | {"now": now, "known": known, "oldest": Pushed(known).oldest(now)}
                cursor.execute(FIND_KINDS.format(only=only), given)
        except NOBODYS:
            raise
        except DatabaseError as error:  # of a rule or sample, which the stages after this one find
            log.warning("all rules are examined", cause=str(error))
            cursor.execute(ALL_KINDS.format(only=only), params)
        cursor.execute(FILL_EXAMINED)
        cursor.execute("SELECT everyone, trusted, readable, rules FROM eval_kinds")
        return census(cursor.fetchall())
