"""What an alert has read and which threshold that has crossed, in words."""

from rules.engine.conditions import WITHOUT_WINDOW, Reducer
from rules.engine.series_choice import SeriesMode
from rules.models import AutomationRule, RuleState
from rules.text.aggregation import shown_parameter
from rules.text.phrases import limit, number
from rules.text.reading import aggregation_of
from smartagent.kernel.durations import format_duration


def state_in_words(state: RuleState) -> str:
    """`Fusion score too low is firing: 63 (below 70).`; without a value `Fusion score too low is ok.`"""
    condition = state.get_condition_display().lower()
    if state.value is None:
        return f"{state.rule.rule_name} is {condition}."
    return "{} is {}: {} ({}).".format(state.rule.rule_name, condition, *value_and_limit(state))


def value_and_limit(state: RuleState) -> tuple[str, str]:
    """The value at the last change, and what it is compared with: `63` and `below 70`, `no reading` and `within 1h`."""
    rule, how = state.rule, aggregation_of(state.rule)
    if state.value is None:
        return "no reading", crossed(state)
    if how.says_absence(state.value):
        return "no reading" if state.value else "a reading", f"within {format_duration(rule.evaluation_window)}"
    return number(state.value), crossed(state)


def crossed(state: RuleState) -> str:
    """`below 70`; past the critical threshold, that one: `critical below 45`."""
    rule = state.rule
    if state.critical and rule.critical_threshold is not None:
        return f"critical {limit(rule.condition_operator, rule.critical_threshold, state.value)}"
    return limit(rule.condition_operator, rule.threshold_value, state.value)


def aggregation_in_short(rule: AutomationRule) -> str:
    """How readings become the value: `average over 1h`, `average over 1h, sum of the group`; empty where it is the
    newest reading."""
    parts = []
    if rule.reducer != Reducer.LAST:
        parameter = shown_parameter(rule.reducer, rule.reducer_parameter)
        over = "" if rule.reducer in WITHOUT_WINDOW else f"over {format_duration(rule.evaluation_window)}"
        parts.append(" ".join(filter(None, [rule.get_reducer_display(), parameter, over])))
    if rule.series_mode == SeriesMode.BY:
        parts.append(f"{rule.get_series_aggregate_display()} of the group")
    return ", ".join(parts)
