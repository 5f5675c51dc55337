"""The validation of a rule: one check for the form, the API and commands. It knows values, not people or requests.

Whether a person may make such a rule is asked in `rules.permissions`.
"""

import difflib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError

from rules.action_options import config_errors
from rules.authoring.conditions import condition_errors, further_errors, target_problem
from rules.authoring.fields import CHECKED, INVALID_MESSAGES, REQUIRED_MESSAGES, RULE_FIELD_OF_NAME, RULE_FIELDS, names
from rules.authoring.labels import label_problem
from rules.authoring.scales import critical_problem, recovery_problem
from rules.authoring.series import (
    aggregate_problem,
    group_by_problem,
    matchers_problem,
    mode_problem,
    series_further_errors,
    series_target_problem,
)
from rules.engine.conditions import Match
from rules.engine.intervals import off_grid
from rules.models import AutomationRule
from rules.registries import actions
from smartagent.kernel.durations import MAX_DURATION

MAX_RULE_NAME = 200
LONGEST_DESCRIPTION, LONGEST_ADDRESS = 10_000, 2_000
DEFAULT_REPEAT = AutomationRule._meta.get_field("repeat_every").default
Errors = dict[str, list[str]]
# The rule's own condition: which of its fields says what.
CONDITION_FIELD_NAMES = {
    "metric_type": "metric", "reducer": "reducer", "evaluation_window": "window", "reducer_parameter": "parameter",
    "condition_operator": "operator", "threshold_value": "threshold",
}  # fmt: skip


def checked_fields(rule: AutomationRule) -> dict[str, Any]:
    """What `validate` looks at."""
    return {name: getattr(rule, name) for name in CHECKED}


def validate(fields: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Errors:
    """Return what is wrong with the cleaned `fields` of a rule, by field; empty where nothing is.

    Only fields that are given are checked, except that a threshold needs its metric for its scale. Options of the
    action are under `action_config`, or under their own names (`title`) where only one of them is wrong; those of
    further conditions under `more_conditions.0.threshold`. Durations, labels, options, further conditions and the
    condition as a whole that stand unchanged in `before` are not checked:
    another program, or another interval of evaluations, may have written them.
    """
    kept = {name for name in LET_BE if before and name in before and _same(before[name], fields.get(name))}
    errors: Errors = {}
    if before and all(name in before and _same(before[name], fields.get(name)) for name in CONDITION_PROBLEM_FIELDS):
        kept |= set(CONDITION_PROBLEM_FIELDS)
    else:
        errors = _own_condition(fields)
    for name, check in FIELD_CHECKS.items():
        if name in fields and name not in kept and (problem := check(fields[name], fields)):
            errors[name] = [problem]
    if "more_conditions" in fields and "more_conditions" not in kept:
        errors |= further_errors(fields["more_conditions"]) or series_further_errors(fields)
    if fields.get("action_type") in actions and "action_config" in fields:
        errors |= _option_errors(config_errors(fields["action_type"], fields["action_config"] or {}, before))
    return errors


def _option_errors(found: Errors) -> Errors:
    """The errors in options; one with the name of a field, such as `runbook_url`, is no error of that field."""
    taken = RULE_FIELD_OF_NAME.keys() - {"action_config"}
    return {f"action_config.{name}" if name in taken else name: problems for name, problems in found.items()}


def _same(before: Any, now: Any) -> bool:
    """Whether a value stands as it was; also NaN, which is not equal to itself."""
    return bool(before == now) or (before != before and now != now)


def _own_condition(fields: Mapping[str, Any]) -> Errors:
    given = {name: fields[field] for field, name in CONDITION_FIELD_NAMES.items() if field in fields}
    problems = condition_errors(given)
    return {field: [problems[name]] for field, name in CONDITION_FIELD_NAMES.items() if name in problems}


def _name(name: Any, _: Mapping[str, Any]) -> str:
    if not str(name or "").strip():
        return REQUIRED_MESSAGES["rule_name"]
    if len(str(name)) > MAX_RULE_NAME:
        return f"The name has at most {MAX_RULE_NAME} characters; this value has {len(str(name))}."
    return ""


def _at_most(longest: int) -> Callable[[Any, Mapping[str, Any]], str]:
    def check(text: Any, _: Mapping[str, Any]) -> str:
        size = len(str(text or ""))
        return f"At most {longest:,} characters; these are {size:,}." if size > longest else ""

    return check


def _runbook(address: Any, fields: Mapping[str, Any]) -> str:
    try:
        AutomationRule._meta.get_field("runbook_url").run_validators(address)
    except ValidationError:
        return INVALID_MESSAGES["runbook_url"]
    return _at_most(LONGEST_ADDRESS)(address, fields)


def _action(action: Any, _: Mapping[str, Any]) -> str:
    if action in actions:
        return ""
    kinds = [plug.kind for plug in actions]
    near = difflib.get_close_matches(str(action)[:100], kinds, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"“{str(action)[:40]}” is not an available action.{meant} Available: {', '.join(kinds)}."


def _repeat_every(duration: Any, _: Mapping[str, Any]) -> str:
    if not isinstance(duration, timedelta) or not timedelta(0) <= duration <= MAX_DURATION:
        return f"The repeat interval must be 0 (every evaluation) to {MAX_DURATION.days} days, for example 30m or 4h."
    return "" if duration == DEFAULT_REPEAT else off_grid(duration)


def _lasting(duration: Any, _: Mapping[str, Any]) -> str:
    if not isinstance(duration, timedelta) or not timedelta(0) <= duration <= MAX_DURATION:
        return f"The duration must be 0 (immediately) to {MAX_DURATION.days} days, for example 15m or 3 checks."
    return off_grid(duration)


def _policy(policy: Any, _: Mapping[str, Any]) -> str:
    known = AutomationRule.NoDataPolicy.values
    return "" if policy in known else f"“{str(policy)[:40]}” is not one of: {', '.join(known)}."


def _match(match: Any, _: Mapping[str, Any]) -> str:
    return "" if match in Match.values else f"“{str(match)[:40]}” is not one of: {', '.join(Match.values)}."


def _labels(labels: Any, _: Mapping[str, Any]) -> str:
    return label_problem(labels)


FIELD_CHECKS = {
    "rule_name": _name,
    "critical_threshold": critical_problem,
    "recovery_threshold": recovery_problem,
    "match": _match,
    "action_type": _action,
    "pending_for": _lasting,
    "keep_firing_for": _lasting,
    "repeat_every": _repeat_every,
    "no_data_policy": _policy,
    "error_policy": _policy,
    "labels": _labels,
    "description": _at_most(LONGEST_DESCRIPTION),
    "runbook_url": _runbook,
    "target_integration": lambda target, fields: (
        target_problem(target, fields) or series_target_problem(target, fields)
    ),
    "series_mode": mode_problem,
    "matchers": matchers_problem,
    "group_by": group_by_problem,
    "series_aggregate": aggregate_problem,
}
# What is judged together, for a recovery threshold lies on its side of the threshold.
CONDITION_PROBLEM_FIELDS = (*CONDITION_FIELD_NAMES, "critical_threshold", "recovery_threshold")
LET_BE = names(field for field in RULE_FIELDS if field.let_be)
