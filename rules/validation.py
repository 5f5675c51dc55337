"""What makes a rule sound: one check for the form, the API and commands. It knows values, not people or requests.

Whether a person may make such a rule is asked in `rules.permissions`.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rules.conditions import Operator
from rules.configs import config_errors
from rules.intake import NAME
from rules.registries import actions, metrics
from rules.words import number
from smartagent.durations import LONGEST

LONGEST_NAME = 200
Errors = dict[str, list[str]]


def validate(fields: Mapping[str, Any]) -> Errors:
    """Return what is wrong with the cleaned `fields` of a rule, by field; empty where nothing is.

    Only fields that are given are checked, except that a threshold needs its metric for its scale. Options of the
    action are under `action_config`, or under their own names (`title`) where only one of them is wrong.
    """
    errors: Errors = {}
    for name, check in CHECKS.items():
        if name in fields and (problem := check(fields[name], fields)):
            errors[name] = [problem]
    if fields.get("action_type") in actions and "action_config" in fields:
        errors |= config_errors(fields["action_type"], fields["action_config"] or {})
    return errors


def _name(name: Any, _: Mapping[str, Any]) -> str:
    if not str(name or "").strip():
        return "Give the rule a name, for example: Fusion score too low."
    if len(str(name)) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters; this one has {len(str(name))}."
    return ""


def _metric(metric: Any, _: Mapping[str, Any]) -> str:
    if not metric:
        return "Say what is watched: a built-in metric such as fusion_score, or the name of a pushed one."
    if metric in metrics or NAME.fullmatch(str(metric)):
        return ""
    return (
        f"“{str(metric)[:40]}” is not the name of a metric. A name begins with a small letter and has only small "
        "letters, digits and _ . : - after it, for example cpu or queue_depth."
    )


def _operator(operator: Any, _: Mapping[str, Any]) -> str:
    known = ", ".join(Operator.values)
    return "" if operator in Operator.values else f"“{operator}” is not an operator. There are: {known}."


def _threshold(threshold: Any, fields: Mapping[str, Any]) -> str:
    try:
        limit = float(threshold)
    except (TypeError, ValueError):
        return "The threshold is a number, for example 70 or 0.5."
    if not math.isfinite(limit):
        return "The threshold is a finite number, for example 70 or 0.5."
    return _off_scale(limit, fields.get("metric_type"))


def _off_scale(limit: float, metric: Any) -> str:
    if metric not in metrics:
        return ""
    source = metrics[metric]
    if source.lowest is not None and limit < source.lowest:
        return f"{source.label} is never below {number(source.lowest)}, so {number(limit)} is no threshold for it."
    if source.highest is not None and limit > source.highest:
        return f"{source.label} is never above {number(source.highest)}, so {number(limit)} is no threshold for it."
    return ""


def _action(action: Any, _: Mapping[str, Any]) -> str:
    known = ", ".join(plug.kind for plug in actions)
    return "" if action in actions else f"“{action}” cannot be chosen as the action. There are: {known}."


def _repeat_every(duration: Any, _: Mapping[str, Any]) -> str:
    if isinstance(duration, timedelta) and timedelta(0) <= duration <= LONGEST:
        return ""
    return f"The rule repeats after 0 (at every evaluation) up to {LONGEST.days} days, for example 30m or 4h."


CHECKS = {
    "rule_name": _name,
    "metric_type": _metric,
    "condition_operator": _operator,
    "threshold_value": _threshold,
    "action_type": _action,
    "repeat_every": _repeat_every,
}
