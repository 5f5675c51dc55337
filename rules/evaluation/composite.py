"""The verdicts of composed rules: those with several conditions or aggregations over windows.

Simple rules do not come here. `rules.engine.reducers` has the same aggregations in Python, for backtests.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from rules.engine.conditions import PARAMETER_RANGES, Operator, Reducer, combine_sql, met_sql, verdict_sql
from rules.engine.intervals import evaluation_interval
from rules.engine.numeric_range import LARGEST_VALUE, SMALLEST, TOO_FAR, as_float_sql
from rules.engine.usual import LOOKBACK, hour_of
from rules.evaluation.held_aggregates import HELD_AGGREGATES
from rules.evaluation.sample_aggregates import SAMPLE_AGGREGATES
from rules.registries import metrics

DROP_COMPOSITE_TABLES = "DROP TABLE IF EXISTS eval_conditions, eval_values, eval_verdicts"
_NUMERIC = "(CASE WHEN jsonb_typeof(c.it->'{name}') = 'number' THEN (c.it->>'{name}')::numeric END)"
THRESHOLD_SQL = as_float_sql(_NUMERIC.format(name="threshold"))
PARAMETER_SQL = as_float_sql(_NUMERIC.format(name="parameter"))
WINDOW_SECONDS_SQL = as_float_sql(_NUMERIC.format(name="window"), maximum="1e9")
RULE = """r.id AS rule_id, r.user_id AS owner_id, r.applies_to, r.match"""
SUBJECTS = """
SELECT c.*, c.owner_id AS subject_id FROM eval_conditions c WHERE c.applies_to <> 'everyone'
UNION ALL
SELECT c.*, u.id FROM eval_conditions c CROSS JOIN smartagent_users u WHERE c.applies_to = 'everyone' AND u.is_active
"""
WINDOW_SERIES_SQL = """(SELECT q.id FROM metric_series q
               WHERE q.user_id {owner} AND q.metric = w.metric AND q.target = w.target)"""
WINDOW_SAMPLES_SQL = """metric_samples s WHERE s.series_id = {series}
             AND s.observed_at > %(now)s - w.span AND s.observed_at <= %(now)s"""
# A built-in metric is stored as changes: it holds its value until the next one, including the last before the window.
HELD = """(SELECT h.value, greatest(h.observed_at, %(now)s - w.span) AS begun,
                  lead(h.observed_at, 1, %(now)s) OVER (ORDER BY h.observed_at) AS ended
             FROM ((SELECT s.value, s.observed_at FROM {samples})
                   UNION ALL
                   (SELECT s.value, s.observed_at FROM metric_samples s
                     WHERE s.series_id = {series}
                       AND s.observed_at <= %(now)s - w.span ORDER BY s.observed_at DESC LIMIT 1)) AS h) AS held"""
LENGTH = "extract(epoch FROM held.ended - held.begun)::float8"
# A value out of range would overflow and stop the whole evaluation: its window becomes NaN, with the verdict `failed`.
# No aggregate may see the value: PostgreSQL evaluates aggregates before any CASE around them.
_IN_REACH = f"abs({{value}}) <= {LARGEST_VALUE}"
_ALL = f"CASE WHEN max(abs({{value}})) > {LARGEST_VALUE} THEN 'NaN' ELSE {{whole}} END"


def _whole(aggregate: str, value: str) -> str:
    """The aggregate of values within range; NaN where one is not."""
    return _ALL.format(value=value, whole=f"{aggregate} FILTER (WHERE {_IN_REACH.format(value=value)})")


SAFE = (
    f"(CASE WHEN abs(held.value) BETWEEN {SMALLEST} AND {LARGEST_VALUE} THEN held.value ELSE 0 END)"  # to multiply with
)
AREA = f"sum({SAFE} * {LENGTH})"
CHANGE_BY = f"""(SELECT CASE WHEN abs(ends.first) <= {LARGEST_VALUE} AND abs(ends.last) <= {LARGEST_VALUE}
                         THEN ends.last - ends.first ELSE 'NaN' END
                FROM (SELECT {{first}} AS first, {{last}} AS last) AS ends
               WHERE ends.first IS NOT NULL AND ends.last IS NOT NULL)"""
PERCENT_CHANGE_BY = f"""(SELECT CASE WHEN moved.first = 0 OR moved.by IS NULL THEN NULL
                           WHEN abs(moved.first) < {SMALLEST} THEN 'NaN'
                           ELSE 100 * moved.by / abs(moved.first) END
                  FROM (SELECT {{change}} AS by, {{first}} AS first) AS moved)"""
AGGREGATES = {
    "avg": f"(SELECT {_whole('avg(s.value)', 's.value')} FROM {{samples}})",
    "min": "(SELECT min(s.value) FROM {samples})",
    "max": "(SELECT max(s.value) FROM {samples})",
    "sum": f"(SELECT {_whole('sum(s.value)', 's.value')} FROM {{samples}})",
    "count": "(SELECT nullif(count(*), 0)::float8 FROM {samples})",
    "change": "{change}",
    "percent_change": PERCENT_CHANGE_BY,
} | SAMPLE_AGGREGATES
FIRST_VALUE = "(SELECT s.value FROM {samples} ORDER BY s.observed_at LIMIT 1)"
LAST_VALUE = "(SELECT s.value FROM {samples} ORDER BY s.observed_at DESC LIMIT 1)"
CHANGE = (
    f"(SELECT CASE WHEN count(*) > 1 THEN {CHANGE_BY.format(first=FIRST_VALUE, last=LAST_VALUE)} END FROM {{samples}})"
)
MEAN_HELD = f"coalesce({AREA} / nullif(sum({LENGTH}), 0), max(held.value))"
BUILT_IN = {
    "avg": f"(SELECT {_ALL.format(value='held.value', whole=MEAN_HELD)} FROM {{held}})",
    "min": "(SELECT min(held.value) FROM {held})",
    "max": "(SELECT max(held.value) FROM {held})",
    "sum": f"(SELECT {_ALL.format(value='held.value', whole=f'{AREA} / %(tick)s')} FROM {{held}})",
    "count": f"(SELECT sum({LENGTH}) / %(tick)s FROM {{held}})",
    "change": "{change}",
    "percent_change": PERCENT_CHANGE_BY,
} | HELD_AGGREGATES
FIRST_HELD = "(SELECT held.value FROM {held} ORDER BY held.begun LIMIT 1)"
LAST_HELD = "(SELECT held.value FROM {held} ORDER BY held.begun DESC LIMIT 1)"
CHANGE_HELD = CHANGE_BY.format(first=FIRST_HELD, last=LAST_HELD)


def reduced_sql(series: str, reducers: Collection[str]) -> str:
    """The aggregate that row w names (metric, reducer, parameter, span) of the series with this id; both are SQL."""
    samples = WINDOW_SAMPLES_SQL.format(series=series)
    held = HELD.format(samples=samples, series=series)
    pushed = _cases(AGGREGATES, reducers).format(
        samples=samples, change=CHANGE.format(samples=samples), first=FIRST_VALUE.format(samples=samples)
    )
    built_in = _cases(BUILT_IN, reducers).format(
        held=held, change=CHANGE_HELD.format(held=held), first=FIRST_HELD.format(held=held)
    )
    return f"CASE WHEN w.metric = ANY(%(built_in)s) THEN {built_in} ELSE {pushed} END"


def _cases(aggregates: Mapping[str, str], reducers: Collection[str]) -> str:
    """The aggregation that w names, if it is one of `reducers`: planning all of them takes longer than running one."""
    cases = " ".join(f"WHEN '{name}' THEN {sql}" for name, sql in aggregates.items() if name in reducers)
    return f"CASE w.reducer {cases} END" if cases else "NULL::float8"


def _parameter(reducer: str, given: str) -> str:
    """The parameter as double precision: NaN where it cannot be read, 0 where the reducer has none."""
    cases = " ".join(
        f"WHEN '{name}' THEN CASE WHEN {given} BETWEEN {lowest} AND {highest} THEN {given} ELSE 'NaN' END"
        for name, (lowest, highest) in PARAMETER_RANGES.items()
    )
    return f"(CASE {reducer} {cases} ELSE 0::float8 END)"


def _reach(reducer: str, window: str) -> str:
    """How far back the readings are needed, as an interval."""
    return f"(CASE {reducer} WHEN 'unusual' THEN interval '{LOOKBACK.total_seconds():.0f} seconds' ELSE {window} END)"


def _values(reducers: Collection[str]) -> str:
    """Own readings; where a person has none in the window, platform-wide ones. A count of no readings is 0, and absent
    is 1."""
    own, platform = (
        reduced_sql(WINDOW_SERIES_SQL.format(owner=owner), reducers) for owner in ("= w.subject_id", "IS NULL")
    )
    return f"""
WITH wanted AS (SELECT DISTINCT subject_id, metric, target, reducer, parameter, reach AS span FROM ({SUBJECTS}) AS c
                 WHERE reducer <> 'last' AND reach > interval '0'),
     platform AS MATERIALIZED (
         SELECT w.*, {platform} AS value
           FROM (SELECT DISTINCT metric, target, reducer, parameter, span FROM wanted) AS w)
SELECT w.*, coalesce({own}, p.value,
                     CASE w.reducer WHEN 'count' THEN 0 WHEN 'absent' THEN 1 END) AS value
  FROM wanted w JOIN platform p USING (metric, target, reducer, parameter, span)
"""


READ_CONDITIONS = f"""
    SELECT c.*, CASE WHEN t.value < 'Infinity' AND t.value > '-Infinity' THEN t.value
                     ELSE coalesce(own.value, platform.value) END AS value,
           CASE WHEN t.value >= 'Infinity' OR t.value = '-Infinity' THEN '{TOO_FAR}' ELSE f.cause END AS cause,
           CASE WHEN t.subject_id IS NOT NULL THEN %(now)s ELSE coalesce(own.observed_at, platform.observed_at) END
           AS observed_at
      FROM ({SUBJECTS}) AS c
      LEFT JOIN eval_values t ON t.subject_id = c.subject_id AND t.metric = c.metric AND t.target = c.target
                             AND t.reducer = c.reducer AND t.parameter = c.parameter AND t.span = c.reach
      LEFT JOIN eval_readings own ON c.reducer = 'last' AND own.metric = c.metric AND own.target = c.target
                                 AND own.user_id = c.subject_id
      LEFT JOIN eval_readings platform ON c.reducer = 'last' AND platform.metric = c.metric
                                      AND platform.target = c.target AND platform.user_id IS NULL
      LEFT JOIN eval_failures f ON c.reducer = 'last' AND f.metric = c.metric"""


def verdicts_sql(read: str, keys: str) -> str:
    """The verdict of each of `keys` from the SELECT `read`: of each condition n the value, or the error `cause`."""
    return f"""
WITH read AS ({read}),
judged AS (
    SELECT read.*, CASE WHEN threshold IS NULL OR operator <> ALL(%(operators)s) OR reducer <> ALL(%(reducers)s)
                             OR parameter = 'NaN'
                        THEN 'failed' WHEN cause IS NOT NULL THEN 'failed'
                        ELSE {verdict_sql("read.value", "read")} END AS verdict
      FROM read)
SELECT {keys}, {combine_sql("verdict", "min(match)")} AS verdict,
       coalesce(min(coalesce(cause, 'Condition ' || n + 1 || ' of the rule cannot be read.'))
                FILTER (WHERE verdict = 'failed'), '') AS cause,
       min(value) FILTER (WHERE n = 0) AS value, min(observed_at) FILTER (WHERE n = 0) AS observed_at,
       coalesce(bool_or({met_sql("value", "operator", "critical")} AND verdict = 'met'), false) AS worsens,
       jsonb_agg(jsonb_build_object(
           'metric', metric, 'target', target, 'reducer', reducer, 'window', extract(epoch FROM span)::bigint,
           'operator', operator, 'threshold', threshold, 'value', value, 'verdict', verdict)
           || CASE WHEN reducer = ANY(%(with_parameter)s) THEN jsonb_build_object('parameter', nullif(parameter, 'NaN'))
                   ELSE '{{}}' END ORDER BY n) AS conditions
  FROM judged GROUP BY {keys}
"""


CREATE_VERDICTS_TABLE = verdicts_sql(READ_CONDITIONS, "rule_id, subject_id")


def conditions_sql(which: str, only: str) -> str:
    """The conditions of `which` rules, SQL conditions on automation_rules r.

    Other programs may have written anything: an unreadable condition has no threshold, and only its rule fails."""
    return f"""
WITH composed AS (SELECT * FROM automation_rules r WHERE {which} {only})
SELECT {RULE}, 0 AS n, r.metric_type AS metric, left(coalesce(r.target_integration, ''), 200) AS target, r.reducer,
       r.evaluation_window AS span, r.condition_operator AS operator,
       {as_float_sql("r.threshold_value")} AS threshold, {as_float_sql("r.recovery_threshold")} AS recovery,
       {as_float_sql("r.critical_threshold")} AS critical,
       {_parameter("r.reducer", as_float_sql("r.reducer_parameter"))} AS parameter,
       {_reach("r.reducer", "r.evaluation_window")} AS reach
  FROM composed r
UNION ALL
SELECT {RULE}, c.n::int, coalesce(c.it->>'metric', ''), coalesce(c.it->>'target', ''),
       coalesce(c.it->>'reducer', 'last'),
       make_interval(secs => {WINDOW_SECONDS_SQL}),
       coalesce(c.it->>'operator', ''),
       {THRESHOLD_SQL}, NULL, NULL, {_parameter("c.it->>'reducer'", PARAMETER_SQL)},
       {_reach("c.it->>'reducer'", f"make_interval(secs => {WINDOW_SECONDS_SQL})")}
  FROM composed r
 CROSS JOIN LATERAL jsonb_array_elements(
       CASE WHEN jsonb_typeof(r.more_conditions) = 'array' THEN r.more_conditions ELSE '[null]' END)
       WITH ORDINALITY AS c (it, n)
"""


def judge_composed(now: datetime, which: str, only: str, params: dict[str, Any], *, again: bool = False) -> int:
    """Fill eval_verdicts with the verdict of each instance of a composed rule; return their number.

    `which` and `only` are SQL conditions on automation_rules r. eval_readings must exist; `again` reuses
    the tables of `make_tables`: thousands of new tables in one transaction would need too many locks.
    """
    conditions = conditions_sql(which, only)
    with connection.cursor() as cursor:
        if again:
            return _refill(conditions, params, now)
        cursor.execute(DROP_COMPOSITE_TABLES)
        cursor.execute(f"CREATE TEMP TABLE eval_conditions AS {conditions}", params)
        if not cursor.rowcount:
            return 0
        cursor.execute("ANALYZE eval_conditions")
        cursor.execute(f"CREATE TEMP TABLE eval_values AS {_values(_reducers(cursor))}", composite_params(now))
        cursor.execute("ANALYZE eval_values")
        cursor.execute(f"CREATE TEMP TABLE eval_verdicts AS {CREATE_VERDICTS_TABLE}", composite_params(now))
        return int(cursor.rowcount)


def make_tables(now: datetime, which: str) -> None:
    """Create the temporary tables, empty."""
    conditions = conditions_sql(which, "")
    queries = {"conditions": conditions, "values": _values(()), "verdicts": CREATE_VERDICTS_TABLE}
    with connection.cursor() as cursor:
        cursor.execute(DROP_COMPOSITE_TABLES)
        for name, query in queries.items():
            cursor.execute(f"CREATE TEMP TABLE eval_{name} AS {query} WITH NO DATA", composite_params(now))


def _refill(conditions: str, params: dict[str, Any], now: datetime) -> int:
    with connection.cursor() as cursor:
        for table in ("eval_verdicts", "eval_values", "eval_conditions"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute(f"INSERT INTO eval_conditions {conditions}", params)
        if not cursor.rowcount:
            return 0
        cursor.execute(f"INSERT INTO eval_values {_values(_reducers(cursor))}", composite_params(now))
        cursor.execute(f"INSERT INTO eval_verdicts {CREATE_VERDICTS_TABLE}", composite_params(now))
        return int(cursor.rowcount)


def _reducers(cursor: CursorWrapper) -> set[str]:
    cursor.execute("SELECT DISTINCT reducer FROM eval_conditions")
    return {reducer for (reducer,) in cursor.fetchall()}


def composite_params(now: datetime) -> dict[str, Any]:
    tick = evaluation_interval().total_seconds()
    return {
        "now": now, "tick": tick, "built_in": [source.kind for source in metrics], "operators": Operator.values,
        "reducers": Reducer.values, "with_parameter": list(PARAMETER_RANGES), "hour": hour_of(now),
        "oldest": now - timedelta(hours=settings.PUSHED_MAX_AGE_HOURS),
    }  # fmt: skip
