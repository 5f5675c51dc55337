"""Validation and storage of the conditions of a rule."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rules.authoring.scales import threshold_problem
from rules.engine.conditions import OF_COUNTERS, PARAMETER_RANGES, WITHOUT_WINDOW, Operator, Reducer, met
from rules.ingest.samples import METRIC_NAME, METRIC_NAME_HELP, check_target
from rules.registries import metrics
from smartagent.kernel.coerce import as_json_number, as_number, read_number
from smartagent.kernel.durations import format_duration

MAX_FURTHER = 5  # further conditions
TOO_MANY = f"A rule has at most {MAX_FURTHER} further conditions; {{}} were given."
SHORTEST, LONGEST_WINDOW = timedelta(minutes=5), timedelta(days=30)
CONDITION_FIELDS = ("metric", "target", "reducer", "window", "parameter", "operator", "threshold")
PARAMETERS = {
    "quantile": "the quantile as a number from 0 to 1, for example 0.95",
    "predict_linear": "how far ahead to predict, from 0 to 365d, for example 4h",
}


def condition_errors(condition: Mapping[str, Any]) -> dict[str, str]:
    """The errors of one condition, by field; its window is a timedelta. Only given fields are checked."""
    problems = {
        name: CONDITION_CHECKS[name](condition[name], condition) for name in CONDITION_FIELDS if name in condition
    }
    return {name: problem for name, problem in problems.items() if problem}


def further_errors(conditions: Any) -> dict[str, list[str]]:
    """The errors of further conditions in stored form (a list of objects, windows in seconds)."""
    if not isinstance(conditions, list):
        return {"more_conditions": ["Further conditions must be a list of objects."]}
    if len(conditions) > MAX_FURTHER:
        return {"more_conditions": [TOO_MANY.format(len(conditions))]}
    errors: dict[str, list[str]] = {}
    for number, each in enumerate(conditions):
        if not isinstance(each, Mapping):
            errors[f"more_conditions.{number}"] = [f"A condition must be an object with {', '.join(CONDITION_FIELDS)}."]
            continue
        found = condition_errors(_whole(each)) | _unknown(each)
        errors |= {f"more_conditions.{number}.{name}": [problem] for name, problem in found.items()}
    return errors


def stored(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A valid condition, its window a timedelta, in stored form; a parameter only where the aggregation has one."""
    parameter = condition.get("parameter")
    return {
        "metric": condition["metric"], "target": condition.get("target") or "",
        "reducer": condition.get("reducer") or "last",
        "window": int((condition.get("window") or timedelta(0)).total_seconds()), "operator": condition["operator"],
        "threshold": as_json_number(read_number(condition["threshold"])),
    } | ({} if parameter is None else {"parameter": as_json_number(read_number(parameter))})  # fmt: skip


def window_of(seconds: Any) -> timedelta | None:
    """The window of a stored condition; None where it has none."""
    if seconds is None:
        return timedelta(0)
    found = as_number(seconds) if not isinstance(seconds, str) else None
    return timedelta(seconds=found) if found is not None and abs(found) < 1e9 else None


def _whole(condition: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: condition.get(name) for name in CONDITION_FIELDS}
    window = window_of(given["window"])
    return given | {
        "target": given["target"] or "",
        "reducer": given["reducer"] or "last",
        "window": "unreadable" if window is None else window,
    }


def _unknown(condition: Mapping[str, Any]) -> dict[str, str]:
    known = ", ".join(CONDITION_FIELDS)
    return {
        str(name)[:100]: f"Unknown field of a condition. Known fields: {known}."
        for name in condition
        if name not in CONDITION_FIELDS
    }


def metric_problem(metric: Any, _: Mapping[str, Any]) -> str:
    """The error in the name of a metric; empty where it is valid."""
    if not metric:
        return "Enter a metric: a built-in metric such as fusion_score, or the name of a pushed metric or a query."
    if isinstance(metric, str) and (metric in metrics or METRIC_NAME.fullmatch(metric)):
        return ""
    return f"“{str(metric)[:40]}” is not a metric name. {METRIC_NAME_HELP}"


def target_problem(target: Any, _: Mapping[str, Any]) -> str:
    """The error in a target; empty where it is valid."""
    try:
        check_target(target)
    except ValueError as error:
        return str(error)
    return ""


def _reducer(reducer: Any, condition: Mapping[str, Any]) -> str:
    if reducer not in Reducer.values:
        return f"“{str(reducer)[:40]}” is not an aggregation. Available: {', '.join(Reducer.values)}."
    metric = str(condition.get("metric"))
    if reducer in OF_COUNTERS and metric in metrics:
        return (
            f"{metrics[metric].label} is no counter, so it has no {reducer}. Use change or deriv, or a pushed metric "
            "that only counts up."
        )
    return ""


def _window(window: Any, condition: Mapping[str, Any]) -> str:
    bounds = f"from {format_duration(SHORTEST)} to {LONGEST_WINDOW.days}d, for example 1h"
    if not isinstance(window, timedelta):
        return f"Invalid duration. The window must be {bounds}."
    reducer = condition.get("reducer") or Reducer.LAST
    if reducer not in Reducer.values:
        return ""
    if reducer in WITHOUT_WINDOW:
        return WINDOW_REFUSALS[reducer] if window else ""
    if not window:
        return f"Enter the window for {Reducer(reducer).label}, {bounds}."
    if SHORTEST <= window <= LONGEST_WINDOW:
        return ""
    return f"The window must be {bounds}, not {format_duration(window)}."


def _parameter(parameter: Any, condition: Mapping[str, Any]) -> str:
    reducer = condition.get("reducer") or Reducer.LAST
    if reducer not in Reducer.values:
        return ""
    if reducer not in PARAMETER_RANGES:
        return f"The aggregation {reducer} has no parameter. Leave it empty." if parameter is not None else ""
    found, (lowest, highest) = as_number(parameter), PARAMETER_RANGES[reducer]
    return "" if found is not None and lowest <= found <= highest else f"Enter {PARAMETERS[reducer]}."


def _operator(operator: Any, _: Mapping[str, Any]) -> str:
    known = ", ".join(Operator.values)
    return "" if operator in Operator.values else f"“{str(operator)[:40]}” is not an operator. Available: {known}."


def _threshold(threshold: Any, condition: Mapping[str, Any]) -> str:
    reducer, operator = condition.get("reducer"), condition.get("operator")
    problem = threshold_problem(threshold, condition.get("metric"), reducer)
    if problem or reducer != Reducer.ABSENT or operator not in Operator.values:
        return problem
    never, always = (met(value, operator, float(threshold)) for value in (1.0, 0.0))
    return "Absence is 1 without a reading, else 0. Use = 1 to fire without a reading." if never == always else ""


WINDOW_REFUSALS = {
    "last": "The latest reading has no window. Leave the window empty, or choose an aggregation.",
    "unusual": "The distance from the usual has no window: the same hour of the last 4 weeks is compared. Leave the "
    "window empty.",
}
CONDITION_CHECKS = {
    "metric": metric_problem, "target": target_problem, "reducer": _reducer, "window": _window,
    "parameter": _parameter, "operator": _operator, "threshold": _threshold,
}  # fmt: skip
