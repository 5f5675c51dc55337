"""Thresholds: whether they lie on the scale of their metric, and the recovery and critical ones on their side."""

import math
from collections.abc import Mapping
from typing import Any

from rules.engine.conditions import Operator, Reducer
from rules.registries import metrics
from rules.text.phrases import limit, number
from smartagent.kernel.coerce import as_number

# What these give is not on the scale of the metric: a sum of scores may well be 1000, a change -20.
OFF_SCALE = set(Reducer.values) - {"last", "avg", "min", "max", "quantile"}
FALLING, RISING = (Operator.LT.value, Operator.LE.value), (Operator.GT.value, Operator.GE.value)


def threshold_problem(threshold: Any, metric: Any, reducer: Any) -> str:
    """The problem with a threshold as such."""
    if (found := as_number(threshold)) is None:
        given = isinstance(threshold, float) or str(threshold).lower() in ("nan", "inf", "-inf")
        return f"The threshold must be a {'finite ' if given else ''}number, for example 70 or 0.5."
    return off_scale(found, metric, reducer)


def off_scale(value: float, metric: Any, reducer: Any) -> str:
    """What is wrong where no reading of `metric` can come to `value`."""
    lowest, highest, name = _scale(metric, reducer)
    if lowest is not None and value < lowest:
        return f"{name} is never below {number(lowest)}, so {number(value)} is not a valid threshold."
    if highest is not None and value > highest:
        return f"{name} is never above {number(highest)}, so {number(value)} is not a valid threshold."
    return ""


def recovery_problem(recovery: Any, fields: Mapping[str, Any]) -> str:
    """The problem with a recovery threshold, beside the other `fields` of the rule."""
    operator, metric, reducer = _watched(fields)
    problem, threshold = _level(recovery, fields, "recovery")
    if threshold is None:
        return problem
    falling = operator in FALLING
    if float(recovery) < threshold if falling else float(recovery) > threshold:
        example = _beside(threshold, 1 if falling else -1, metric, reducer)
        return (
            f"The recovery threshold for “{limit(operator, threshold)}” must be {number(threshold)} or "
            f"{'more' if falling else 'less'}, for example {number(example)}."
        )
    return _never_over(operator, float(recovery), metric, reducer)


def critical_problem(critical: Any, fields: Mapping[str, Any]) -> str:
    """The problem with a critical threshold, beside the other `fields` of the rule."""
    operator, metric, reducer = _watched(fields)
    problem, threshold = _level(critical, fields, "critical")
    if threshold is None:
        return problem
    falling = operator in FALLING
    if float(critical) < threshold if falling else float(critical) > threshold:
        return ""
    example = _beside(threshold, -4 if falling else 4, metric, reducer)
    example_text = f", for example {number(example)}" if example != threshold else ""
    return (
        f"The critical threshold for “{limit(operator, threshold)}” must be "
        f"{'less' if falling else 'more'} than {number(threshold)}{example_text}."
    )


def _watched(fields: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return fields.get("condition_operator"), fields.get("metric_type"), fields.get("reducer")


def _level(level: Any, fields: Mapping[str, Any], what: str) -> tuple[str, float | None]:
    """The problem with a second threshold as such; and the first, where the two are to be compared."""
    operator, metric, reducer = _watched(fields)
    if level is None:
        return "", None
    if problem := threshold_problem(level, metric, reducer):
        return problem, None
    if operator in FALLING + RISING:
        return "", as_number(fields.get("threshold_value"))
    known = operator in Operator.values
    return f"A {what} threshold requires <, <=, > or >=. Leave it empty for “{operator}”." if known else "", None


def _never_over(operator: str, recovery: float, metric: Any, reducer: Any) -> str:
    """`at most 95`, recovering above 100, never would on a scale that ends at 100."""
    lowest, highest, name = _scale(metric, reducer)
    if operator == "<=" and highest is not None and recovery >= highest:
        return f"{name} is never above {number(highest)}, so the rule would never recover. Enter a lower value."
    if operator == ">=" and lowest is not None and recovery <= lowest:
        return f"{name} is never below {number(lowest)}, so the rule would never recover. Enter a higher value."
    return ""


def _scale(metric: Any, reducer: Any) -> tuple[float | None, float | None, str]:
    if str(metric) not in metrics or str(reducer) in OFF_SCALE:  # other programs may have written anything
        return None, None, ""
    source = metrics[metric]
    return source.lowest, source.highest, source.label


def _beside(threshold: float, steps: int, metric: Any, reducer: Any) -> float:
    """A round number some steps beside `threshold`, on the scale."""
    lowest, highest, _ = _scale(metric, reducer)
    found = threshold + steps * _step(abs(threshold))
    return max(lowest if lowest is not None else found, min(highest if highest is not None else found, found))


def _step(size: float) -> float:
    """About 7 % of `size` as 1, 2 or 5 of a power of ten."""
    if not size:
        return 1.0
    wanted = 0.07 * size
    power = 10.0 ** math.floor(math.log10(wanted))
    return min((each * power for each in (1, 2, 5, 10)), key=lambda each: abs(math.log(each / wanted)))
