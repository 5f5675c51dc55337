"""Which rules a person may make, asked by the form and by the API alike."""

from typing import Any

from rules.models import AutomationRule
from smartagent.scope import has_everyone


def rule_errors(user: Any, rule: AutomationRule) -> dict[str, list[str]]:
    """Return what `user` may not do with `rule` as it is about to be saved, by field; empty where they may."""
    if has_everyone(user, "change"):
        return {}
    errors: dict[str, list[str]] = {}
    if rule.applies_to == AutomationRule.AppliesTo.EVERYONE:
        errors["applies_to"] = ["Only operators make rules that watch everyone. Yours can watch your own readings."]
    if rule.user_id and rule.user_id != user.pk:
        errors["user"] = ["Only operators make rules for somebody else. Yours belong to you."]
    return errors


def may_evaluate(user: Any) -> bool:
    """Say whether `user` may evaluate rules now: whoever may change rules, at least their own."""
    return bool(user.is_active and user.has_perm("rules.change_automationrule"))
