"""Which threshold an alert has crossed, in words."""

from rules.models import RuleState
from rules.text.phrases import limit


def crossed(state: RuleState) -> str:
    """`below 70`; past the critical threshold, that one: `critical below 45`."""
    rule = state.rule
    if state.critical and rule.critical_threshold is not None:
        return f"critical {limit(rule.condition_operator, rule.critical_threshold, state.value)}"
    return limit(rule.condition_operator, rule.threshold_value, state.value)
