"""Stage 2 for rules on series: which series their matchers choose, and the newest reading of each.

A selector is a metric with a set of matchers; rules that agree in both share it. Regular expressions are evaluated by
RE2, once for each distinct value of a label; everything else is SQL. The tables are temporary.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.types.json import Jsonb

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.engine.label_matchers import LabelMatcher, compiled, read_matchers
from rules.engine.numeric_range import LARGEST_FLOAT
from rules.registries import metrics
from smartagent.kernel.bulk_copy import copy_rows

log = structlog.get_logger(__name__)
OF_SERIES = "r.series_mode <> 'one'"
SMALL_SAMPLE = "SET LOCAL default_statistics_target = 10"  # enough to plan the joins with
SELECTION_TABLES = ("eval_selectors", "eval_matchers", "eval_matching_values", "eval_live", "eval_excess")
CREATE_SELECTION_TABLES = f"""
DROP TABLE IF EXISTS {", ".join(SELECTION_TABLES)};
CREATE TEMP TABLE eval_selectors (selector int, metric text, matchers jsonb, cause text);
CREATE TEMP TABLE eval_matchers (selector int, metric text, label text, operator text, value text);
CREATE TEMP TABLE eval_matching_values (pattern text, value text);
CREATE TEMP TABLE eval_live (selector int, series_id int8, user_id uuid, target text, labels jsonb, value float8,
                             observed_at timestamptz, beyond bool);
CREATE TEMP TABLE eval_excess (selector int, user_id uuid, total int8);
"""
HAS_SELECTORS = f"SELECT EXISTS (SELECT FROM automation_rules r WHERE {OF_SERIES} AND {IN_FORCE_SQL} {{only}})"
# A further condition without a target reads the series of its metric that the same matchers choose.
WANTED_SELECTORS = f"""
WITH of_series AS (SELECT * FROM automation_rules r WHERE {OF_SERIES} AND {IN_FORCE_SQL} {{only}})
SELECT metric_type, matchers FROM of_series
 UNION
SELECT c.it->>'metric', matchers FROM of_series
 CROSS JOIN LATERAL jsonb_array_elements(
       CASE WHEN jsonb_typeof(more_conditions) = 'array' THEN more_conditions ELSE '[]' END) AS c (it)
 WHERE c.it->>'metric' IS NOT NULL AND coalesce(c.it->>'target', '') = '' AND NOT c.it->>'metric' = ANY(%(built_in)s)
"""
LABEL_VALUES = """
SELECT DISTINCT m.value, coalesce(q.labels->>m.label, '')
  FROM eval_matchers m JOIN ({series}) AS q ON q.metric = m.metric
 WHERE m.operator IN ('=~', '!~')
"""
# Those of a state may be labels of no series any more.
ALL_SERIES = """SELECT metric, labels FROM metric_series UNION ALL SELECT metric, labels FROM eval_series
 UNION ALL SELECT metric, jsonb_build_object('target', target) FROM eval_readings WHERE metric = ANY(%(built_in)s)
 UNION ALL SELECT r.metric_type, s.labels FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id
            WHERE s.condition <> 'ok' AND r.series_mode <> 'one'"""
AGREES_WITH_MATCHER = """CASE m.operator
           WHEN '=' THEN coalesce({labels}->>m.label, '') = m.value
           WHEN '!=' THEN coalesce({labels}->>m.label, '') <> m.value
           ELSE (m.operator = '=~') = EXISTS (
                SELECT FROM eval_matching_values v
                 WHERE v.pattern = m.value AND v.value = coalesce({labels}->>m.label, '')) END"""
IS_CHOSEN = f"NOT EXISTS (SELECT FROM eval_matchers m WHERE m.selector = e.selector AND NOT {AGREES_WITH_MATCHER})"
BUILT_IN_LABELS = "CASE WHEN q.target = '' THEN jsonb_build_object() ELSE jsonb_build_object('target', q.target) END"
# Groups refuse values that are too large to be added (rules.evaluation.series.aggregates); each series can be compared.
IS_FINITE = f"{{value}} BETWEEN -{LARGEST_FLOAT} AND {LARGEST_FLOAT}"
# Metrics of queries are read from their answer, built-in ones from their source, and all others from the samples. The
# reading of a person as a whole is no series beside those of the person's integrations.
FILL_LIVE = f"""
INSERT INTO eval_live
SELECT e.selector, q.id, q.user_id, q.target, q.labels, newest.value, newest.observed_at, false
  FROM eval_selectors e
  JOIN metric_series q ON q.metric = e.metric {{person}} {{chosen_pushed}}
 CROSS JOIN LATERAL (
       SELECT s.value, s.observed_at FROM metric_samples s
        WHERE s.series_id = q.id AND s.observed_at > %(oldest)s AND s.observed_at <= %(now)s
        ORDER BY s.observed_at DESC LIMIT 1) newest
 WHERE e.cause IS NULL AND {IS_FINITE.format(value="newest.value")}
   AND NOT e.metric = ANY(%(built_in)s) AND NOT e.metric = ANY(%(queries)s)
UNION ALL
SELECT e.selector, NULL, q.user_id, q.target, q.labels, q.value, q.observed_at, false
  FROM eval_selectors e JOIN eval_series q ON q.metric = e.metric {{person}} {{chosen_pushed}}
 WHERE e.cause IS NULL AND {IS_FINITE.format(value="q.value")}
UNION ALL
SELECT e.selector, NULL, q.user_id, q.target, {BUILT_IN_LABELS}, q.value, q.observed_at, false
  FROM eval_selectors e JOIN eval_readings q ON q.metric = e.metric {{person}} {{chosen_built_in}}
 WHERE e.cause IS NULL AND {IS_FINITE.format(value="q.value")} AND e.metric = ANY(%(built_in)s)
   AND (q.target <> '' OR NOT EXISTS (SELECT FROM eval_readings o WHERE o.metric = q.metric AND o.target <> ''
                                                                    AND o.user_id = q.user_id))
"""
NAME_FAILURES = """
UPDATE eval_selectors e SET cause = f.cause FROM eval_failures f WHERE f.metric = e.metric AND e.cause IS NULL
"""
FIND_EXCESS = """
INSERT INTO eval_excess SELECT selector, user_id, count(*) FROM eval_live GROUP BY selector, user_id
 HAVING count(*) > %(limit)s
"""
# The oldest series stay: new ones of a label that runs away are those that are left out.
SET_ASIDE = """
WITH placed AS (
    SELECT l.ctid AS at, row_number() OVER (PARTITION BY l.selector, l.user_id ORDER BY l.series_id, l.target) AS place
      FROM eval_live l JOIN eval_excess x ON x.selector = l.selector AND x.user_id IS NOT DISTINCT FROM l.user_id)
UPDATE eval_live l SET beyond = true FROM placed WHERE placed.at = l.ctid AND placed.place > %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was found: whether there are rules on series at all, and whether people and the platform both have such
    series, so that one may stand in for the other; `live` is the number of readings."""

    any_rules: bool = False
    mixed: bool = False
    excess: bool = False
    live: int = 0


NO_SERIES = Selection()


def select_series(
    now: datetime, only: str, params: dict[str, Any], queries: Iterable[str], person: UUID | None = None
) -> Selection:
    """Fill the tables for the rules in force that the SQL condition `only` on r leaves; eval_series, eval_readings and
    eval_failures must be filled. `queries` are the metrics of data sources; of one `person`, where given."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_SELECTORS.format(only=only), params)
        if not cursor.fetchone()[0]:
            return NO_SERIES
        cursor.execute(CREATE_SELECTION_TABLES)
    given = params | _params(now, queries, person)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _fill_selectors(cursor, only, given)
            return _fill_live(cursor, given)
    except DatabaseError as error:
        log.warning("series could not be read", cause=str(error))
        with connection.cursor() as cursor:
            _fill_selectors(cursor, only, given)
            cursor.execute("UPDATE eval_selectors SET cause = %s", [str(error).splitlines()[0].replace("\0", "")])
        return Selection(any_rules=True)


def _params(now: datetime, queries: Iterable[str], person: UUID | None) -> dict[str, Any]:
    return {
        "now": now, "oldest": now - timedelta(hours=settings.PUSHED_MAX_AGE_HOURS), "whose": person,
        "built_in": [source.kind for source in metrics], "queries": list(queries),
        "limit": settings.MAX_INSTANCES_PER_RULE,
    }  # fmt: skip


def _fill_selectors(cursor: CursorWrapper, only: str, params: dict[str, Any]) -> None:
    cursor.execute(WANTED_SELECTORS.format(only=only), params)
    read = [(n, metric, *_read(json.loads(matchers))) for n, (metric, matchers) in enumerate(cursor.fetchall())]
    copy_rows(
        "eval_selectors", ["selector", "metric", "matchers", "cause"], ["int4", "text", "jsonb", "text"],
        [(n, metric, Jsonb(stored), cause) for n, metric, stored, _, cause in read],
    )  # fmt: skip
    copy_rows(
        "eval_matchers", ["selector", "metric", "label", "operator", "value"], ["int4", *["text"] * 4],
        [(n, metric, each.label, each.operator, each.value) for n, metric, _, some, _ in read for each in some],
    )  # fmt: skip
    cursor.execute(LABEL_VALUES.format(series=ALL_SERIES), params)
    copy_rows("eval_matching_values", ["pattern", "value"], ["text", "text"], list(_agreeing(cursor.fetchall())))
    cursor.execute(f"{NAME_FAILURES}; ANALYZE eval_selectors; ANALYZE eval_matchers; ANALYZE eval_matching_values")


def _read(stored: Any) -> tuple[Any, list[LabelMatcher], str | None]:
    """The matchers of a rule, which other programs may have written, and why they cannot be read."""
    try:
        return stored, read_matchers(stored), None
    except ValueError as error:
        return stored, [], f"The matchers cannot be read: {error}"


def _agreeing(values: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for pattern, value in values:
        if compiled(pattern).fullmatch(value) is not None:
            yield pattern, value


def _fill_live(cursor: CursorWrapper, params: dict[str, Any]) -> Selection:
    cursor.execute("SELECT EXISTS (SELECT FROM eval_matchers)")
    matching = cursor.fetchone()[0]
    pushed, built_in = (
        f"AND {IS_CHOSEN.format(labels=labels)}" if matching else "" for labels in ("q.labels", f"({BUILT_IN_LABELS})")
    )
    person = "AND (q.user_id = %(whose)s OR q.user_id IS NULL)" if params["whose"] else ""
    cursor.execute(FILL_LIVE.format(person=person, chosen_pushed=pushed, chosen_built_in=built_in), params)
    live = int(cursor.rowcount)
    cursor.execute(FIND_EXCESS, params)
    excess = bool(cursor.rowcount)
    if excess:
        cursor.execute(SET_ASIDE, params)
    cursor.execute(f"{SMALL_SAMPLE}; ANALYZE eval_live")
    cursor.execute("SELECT bool_or(user_id IS NULL) AND bool_or(user_id IS NOT NULL) FROM eval_live")
    return Selection(any_rules=True, mixed=bool(cursor.fetchone()[0]), excess=excess, live=live)
