"""SQL of aggregations over time of a built-in metric, which holds its value until the next one: expressions over a row
w, with `{held}` as what to read from. `rules.engine.held_values` and `rules.engine.usual` have the same in Python.
"""

from rules.engine.numeric_range import LARGEST_VALUE
from rules.engine.usual import ROBUST_DEVIATION, WEEKS
from rules.evaluation.sample_aggregates import DISTANCE, safe_sql, seconds_sql

_HELD_BEYOND = f"coalesce(max(abs(raw)) > {LARGEST_VALUE}, false) AS beyond"
# Values less the first one: of a constant they are 0, so that no rounding gives it a slope or deviation.
_ABOVE_FIRST = f"""(SELECT raw, first_value(value) OVER times AS first, value - first_value(value) OVER times AS above,
                           length, begun_at + ended_at AS twice
                      FROM (SELECT held.value AS raw, {safe_sql("held.value")} AS value, held.begun,
                                   {seconds_sql("held.ended - held.begun")} AS length,
                                   {seconds_sql("held.begun - %(now)s")} AS begun_at,
                                   {seconds_sql("held.ended - %(now)s")} AS ended_at FROM {{held}}) AS stretch
                    WINDOW times AS (ORDER BY begun)) AS stretches"""
# The least-squares line through the value at each time.
_HELD_LINE = f"""(SELECT CASE WHEN NOT length > 0 THEN NULL WHEN beyond THEN 'NaN' ELSE {{wanted}} END
  FROM (SELECT *, 6 * (turned + length * area) / nullif(length * length * length, 0) AS slope
          FROM (SELECT {_HELD_BEYOND}, max(first) AS first, sum(length) AS length, sum(above * length) AS area,
                       sum(above * length * twice) AS turned FROM {_ABOVE_FIRST}) AS summed) AS line)"""
_HELD_PREDICTED = "first + area / nullif(length, 0) + slope * (length / 2 + w.parameter)"
_DEVIATION = f"""(SELECT CASE WHEN {_HELD_BEYOND.removesuffix(" AS beyond")} THEN 'NaN'
        WHEN count(*) > 0 THEN coalesce(sqrt(sum({safe_sql("off")} * {safe_sql("off")} * length)
                                             / nullif(sum(length), 0)), 0) END
  FROM (SELECT raw, length, above - sum(above * length) OVER () / nullif(sum(length) OVER (), 0) AS off
          FROM {_ABOVE_FIRST}) AS apart)"""


def _ranked(rows: str) -> str:
    """Rows of value and weight, each with the weight up to its value and the weight of all."""
    return f"""(SELECT *, sum(weight) OVER (ORDER BY value)::float8 AS upto, sum(weight) OVER ()::float8 AS total
                  FROM {rows}) AS ranked"""


_LENGTHS = "(SELECT held.value, extract(epoch FROM held.ended - held.begun)::numeric AS weight FROM {held}) AS weighted"
_QUANTILE = f"""(SELECT CASE WHEN max(abs(value)) > {LARGEST_VALUE} THEN 'NaN'
        ELSE min(value) FILTER (WHERE upto >= w.parameter * total AND (weight > 0 OR total = 0)) END
  FROM {_ranked(_LENGTHS)})"""
_MEDIAN = "min(value) FILTER (WHERE upto >= 0.5 * total)"
_DISTANCES = "(SELECT abs(value - median) AS value, weight FROM past CROSS JOIN middle) AS distances"
_HELD_UNUSUAL = f"""(WITH past AS (
    SELECT week, value, extract(epoch FROM until - since)::numeric AS weight
      FROM (SELECT week, held.value, greatest(held.begun, hour) AS since,
                   least(held.ended, hour + interval '1 hour') AS until
              FROM (SELECT n AS week, %(hour)s - n * interval '168 hours' AS hour
                      FROM generate_series(1, {WEEKS}) AS n) AS weeks CROSS JOIN {{held}}) AS clipped
     WHERE since < until AND abs(value) <= {LARGEST_VALUE}),
  middle AS (SELECT {_MEDIAN} AS median, count(DISTINCT week) AS weeks FROM {_ranked("past")}),
  spread AS (SELECT {ROBUST_DEVIATION} * {_MEDIAN} AS deviation
               FROM {_ranked(_DISTANCES)}),
  newest AS (SELECT held.value FROM {{held}} ORDER BY held.begun DESC LIMIT 1)
SELECT {DISTANCE} FROM newest CROSS JOIN middle CROSS JOIN spread)"""
HELD_AGGREGATES = {
    "deriv": _HELD_LINE.replace("{wanted}", "slope"),
    "predict_linear": _HELD_LINE.replace("{wanted}", _HELD_PREDICTED),
    "quantile": _QUANTILE,
    "stddev": _DEVIATION,
    "absent": "(SELECT 0::float8 FROM {held} LIMIT 1)",
    "unusual": _HELD_UNUSUAL,
}
