"""SQL of aggregations over the samples of a window: expressions over a row w, with `{samples}` as what to read from.

`rules.engine` has the same in Python: counters, sample_sums, quantiles, usual. As in `rules.evaluation.composite`, no
aggregate may see a value out of range.
"""

from rules.engine.numeric_range import LARGEST_VALUE, SMALLEST
from rules.engine.usual import FEWEST_WEEKS, ROBUST_DEVIATION, WEEKS


def safe_sql(value: str) -> str:
    """The value to calculate with, as `rules.engine.numeric_range.in_range`."""
    return f"(CASE WHEN abs({value}) BETWEEN {SMALLEST} AND {LARGEST_VALUE} THEN {value} ELSE 0 END)"


def seconds_sql(interval: str) -> str:
    """An interval in seconds as double precision."""
    return f"extract(epoch FROM {interval})::float8"


QUANTILE_SHARE = "CASE WHEN w.parameter BETWEEN 0 AND 1 THEN w.parameter END"
SCALE = "18446744073709551616::float8"  # 2^64: dividing by it is exact, and what is squared then cannot overflow
SAMPLES_OF_WINDOW = (
    f"""(SELECT s.value AS raw, {safe_sql("s.value")} AS value, s.observed_at AS at FROM {{samples}}) AS sample"""
)
SAMPLE_TIMES = "times AS (ORDER BY at, raw)"
# As extrapolatedRate of Prometheus; `gained` is what to make of the gain and the factor.
_COUNTER = f"""(SELECT CASE WHEN n < 2 OR sampled <= 0 THEN NULL WHEN beyond THEN 'NaN' ELSE {{gained}} END
  FROM (SELECT *, (sampled + to_end + CASE WHEN gain > 0 AND first >= 0 AND first * sampled < to_start * gain
                                           THEN sampled * (first / gain) ELSE to_start END) / nullif(sampled, 0)
                  AS factor
          FROM (SELECT n, sampled, beyond, gain, first,
                       CASE WHEN to_start < 1.1 * apart THEN to_start ELSE apart / 2 END AS to_start,
                       CASE WHEN to_end < 1.1 * apart THEN to_end ELSE apart / 2 END AS to_end
                  FROM (SELECT *, sampled / nullif(n - 1, 0) AS apart
                          FROM (SELECT count(*) AS n, coalesce(max(abs(raw)) > {LARGEST_VALUE}, false) AS beyond,
                                       max(last) - max(first)
                                       + coalesce(sum(before) FILTER (WHERE value < before), 0) AS gain,
                                       max(first) AS first, {seconds_sql("max(at) - min(at)")} AS sampled,
                                       {seconds_sql("min(at) - (%(now)s - w.span)")} AS to_start,
                                       {seconds_sql("%(now)s - max(at)")} AS to_end
                                  FROM (SELECT raw, value, at, lag(value) OVER times AS before,
                                               first_value(value) OVER times AS first,
                                               last_value(value) OVER (times RANGE BETWEEN UNBOUNDED PRECEDING
                                                                              AND UNBOUNDED FOLLOWING) AS last
                                          FROM {SAMPLES_OF_WINDOW}
                                        WINDOW {SAMPLE_TIMES}) AS steps) AS counted) AS apart_from)
               AS limited) AS counter)"""
# The least-squares line through the samples; values less the first one, so that a constant has no slope.
_LINE = f"""(SELECT CASE WHEN n < 2 OR spread <= 0 THEN NULL WHEN beyond THEN 'NaN' ELSE {{wanted}} END
  FROM (SELECT *, (n * products - times * total) / nullif(spread, 0) AS slope
          FROM (SELECT count(*) AS n, coalesce(max(abs(raw)) > {LARGEST_VALUE}, false) AS beyond,
                       max(first) AS first, max(since) AS ended, sum(since) AS times, sum(above) AS total,
                       sum(since * above) AS products,
                       count(*) * sum(since * since) - sum(since) * sum(since) AS spread,
                       {seconds_sql("%(now)s - max(at)")} AS ago
                  FROM (SELECT raw, at, first_value(value) OVER times AS first,
                               value - first_value(value) OVER times AS above,
                               {seconds_sql("at - first_value(at) OVER times")} AS since
                          FROM {SAMPLES_OF_WINDOW} WINDOW {SAMPLE_TIMES}) AS points) AS summed) AS line)"""
_PREDICTED = "first + (total + slope * (n * (ended + ago + w.parameter) - times)) / n"
_BEYOND = f"max(abs(s.value)) > {LARGEST_VALUE}"
_UNUSUAL = f"""(WITH past AS (
    SELECT week, each.value FROM generate_series(1, {WEEKS}) AS week
     CROSS JOIN LATERAL (SELECT s.value, s.observed_at FROM {{samples}}) AS each
     WHERE each.observed_at >= %(hour)s - week * interval '168 hours'
       AND each.observed_at < %(hour)s - week * interval '168 hours' + interval '1 hour'
       AND abs(each.value) <= {LARGEST_VALUE}),
  middle AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median, count(DISTINCT week) AS weeks
               FROM past),
  spread AS (SELECT {ROBUST_DEVIATION} * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(value - median)) AS deviation
               FROM past CROSS JOIN middle),
  newest AS (SELECT each.value FROM (SELECT s.value, s.observed_at FROM {{samples}}) AS each
              WHERE each.observed_at > %(oldest)s ORDER BY each.observed_at DESC LIMIT 1)
SELECT {{distance}} FROM newest CROSS JOIN middle CROSS JOIN spread)"""
DISTANCE = f"""CASE WHEN NOT abs(newest.value) <= {LARGEST_VALUE} THEN 'NaN'
  WHEN middle.weeks >= {FEWEST_WEEKS} AND spread.deviation > {SMALLEST}
  THEN abs(newest.value - middle.median) / spread.deviation END"""
SAMPLE_AGGREGATES = {
    "rate": _COUNTER.replace("{gained}", f"gain * (factor / {seconds_sql('w.span')})"),
    "increase": _COUNTER.replace("{gained}", "gain * factor"),
    "deriv": _LINE.replace("{wanted}", "slope"),
    "predict_linear": _LINE.replace("{wanted}", _PREDICTED),
    "quantile": f"""(SELECT CASE WHEN {_BEYOND} THEN 'NaN'
        ELSE percentile_cont({QUANTILE_SHARE}) WITHIN GROUP (ORDER BY s.value) END FROM {{samples}})""",
    "stddev": f"""(SELECT CASE WHEN {_BEYOND} THEN 'NaN'
        ELSE {SCALE} * stddev_pop({safe_sql("s.value")} / {SCALE}) END FROM {{samples}})""",
    "absent": "(SELECT 0::float8 FROM {samples} LIMIT 1)",
    "unusual": _UNUSUAL.replace("{distance}", DISTANCE),
}
