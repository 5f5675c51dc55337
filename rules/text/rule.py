"""A rule in sentences, built when they are shown, never stored."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rules.engine.intervals import checks, spelled
from rules.models import AutomationRule
from rules.registries import actions
from rules.text.aggregation import REDUCER_PHRASES, aggregation_met
from rules.text.phrases import limit, number, series
from rules.text.series import series_in_words
from smartagent.kernel.durations import format_duration

# What is true of a reading that has recovered: the opposite of being held.
CLEAR = {"<": "at least", "<=": "above", ">": "at most", ">=": "below"}
UNREADABLE_CONDITION = "an unreadable condition is met"


def rule_in_words(rule: AutomationRule) -> str:
    """The whole rule: `When the fusion score of Alice is below 70, alert Alice, severity high; again every 4h …`."""
    sentence = f"When {condition_in_words(rule)}{_pending(rule)}, {action_in_words(rule)}, severity {rule.severity}"
    sentence += f"{_critical(rule)}; {_again(rule.repeat_every)} while it lasts."
    return sentence + _over(rule) + _without(rule)


def firing_in_words(rule: AutomationRule) -> str:
    """When a rule fires and resolves, whoever it watches: `Fires when the fusion score is below 70.`"""
    return f"Fires when {_conditions(rule, '', '')}{_pending(rule)}{_critical(rule)}.{_over(rule)}{_without(rule)}"


def condition_in_words(rule: AutomationRule) -> str:
    """The condition: `the fusion score of Alice is below 70`."""
    if rule.applies_to == AutomationRule.AppliesTo.EVERYONE:
        return _conditions(rule, "anyone", "the same person")
    return _conditions(rule, str(rule.user), str(rule.user))


def _conditions(rule: AutomationRule, whose: str, whose_further: str) -> str:
    own = single_condition_in_words(
        rule.metric_type, rule.target_integration, rule.reducer, rule.evaluation_window, rule.reducer_parameter,
        rule.condition_operator, rule.threshold_value, whose,
    )  # fmt: skip
    more = rule.more_conditions if isinstance(rule.more_conditions, list) else [rule.more_conditions]
    joined = (" or " if rule.match == "any" else " and ").join([own, *(_further(each, whose_further) for each in more)])
    return joined + series_in_words(rule)


def single_condition_in_words(
    metric: Any, target: Any, reducer: Any, window: timedelta, parameter: Any, operator: Any, threshold: Any, whose: str
) -> str:
    """One condition: `the average of the cpu of Alice over 1 hour is above 90`."""
    watched = series(metric, whose, target)
    if reducer not in REDUCER_PHRASES:
        return f"{watched} is {limit(operator, threshold)}"
    return aggregation_met(reducer, watched, window, parameter, operator, threshold)


def action_in_words(rule: AutomationRule) -> str:
    """The action of the rule: `alert Alice`."""
    if rule.action_type not in actions:
        return f"{rule.action_type} (no such action is installed)"
    return actions[rule.action_type].in_words(rule)


def lasting(duration: timedelta) -> str:
    """`3 checks (15 minutes)`"""
    counted = checks(duration)
    return f"{counted} ({spelled(duration)})" if counted else spelled(duration)


def _further(condition: Any, whose: str) -> str:
    """One of `more_conditions`, which other programs may have written."""
    if not isinstance(condition, Mapping):
        return UNREADABLE_CONDITION
    try:
        return single_condition_in_words(
            str(condition["metric"]), condition.get("target"), condition.get("reducer"),
            timedelta(seconds=float(condition.get("window") or 0)), condition.get("parameter"),
            str(condition["operator"]), float(condition["threshold"]), whose,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError):
        return UNREADABLE_CONDITION


def _pending(rule: AutomationRule) -> str:
    return f" for {lasting(rule.pending_for)}" if rule.pending_for else ""


def _critical(rule: AutomationRule) -> str:
    if rule.critical_threshold is None:
        return ""
    return f", or critical when {limit(rule.condition_operator, rule.critical_threshold)}"


def _again(repeat_every: timedelta) -> str:
    return f"again every {format_duration(repeat_every)}" if repeat_every else "again at every evaluation"


def _over(rule: AutomationRule) -> str:
    """When it resolves, where that is delayed."""
    kept = f"for {lasting(rule.keep_firing_for)}" if rule.keep_firing_for else ""
    if rule.recovery_threshold is not None and rule.condition_operator in CLEAR:
        reached = f"{CLEAR[rule.condition_operator]} {number(rule.recovery_threshold)}"
        reading = "the first reading" if rule.more_conditions else "the reading"
        return f" Resolves once {reading} is {reached}{kept and ' ' + kept}."
    return f" Resolves once clear {kept}." if kept else ""


def _without(rule: AutomationRule) -> str:
    policies = (rule.no_data_policy, rule.error_policy)
    if policies == ("fire", "fire"):
        return " Also fires on no data or error."
    return NO_DATA.get(rule.no_data_policy, "") + ERROR_SENTENCES.get(rule.error_policy, "")


NO_DATA = {"fire": " Also fires on no data.", "resolve": " Resolves on no data."}
ERROR_SENTENCES = {"fire": " Also fires on error.", "resolve": " Resolves on error."}
