"""Permissions on rules, shared by form and API."""

from collections.abc import Mapping
from typing import Any

from rules.action_options import unchanged
from rules.models import AutomationRule
from rules.registries import actions
from smartagent.kernel.scope import has_everyone


def rule_errors(user: Any, rule: AutomationRule, before: Mapping[str, Any] | None = None) -> dict[str, list[str]]:
    """Return what `user` may not do with `rule`, about to be saved, by field or action option; empty where allowed.
    Options unchanged from `before` are not checked: each evaluation checks them again."""
    same = unchanged(rule.action_type, rule.action_config, before) if isinstance(rule.action_config, dict) else set()
    errors = {name: text for name, text in option_refusals(user, rule).items() if name not in same}
    if has_everyone(user, "change"):
        return errors
    if rule.applies_to == AutomationRule.AppliesTo.EVERYONE:
        errors["applies_to"] = [
            "Only operators can create rules that watch everyone. Your rules can watch your own readings."
        ]
    if rule.user_id and rule.user_id != user.pk:
        errors["user"] = ["Only operators can create rules for other people. Your rules belong to you."]
    return errors


def option_refusals(user: Any, rule: AutomationRule) -> dict[str, list[str]]:
    """The action options of `rule` that `user` may not choose, with the reason, by option."""
    if rule.action_type not in actions or not isinstance(rule.action_config, dict) or not rule.user_id:
        return {}
    return actions[rule.action_type].refuse(rule.action_config, rule.user, user)


def may_evaluate(user: Any) -> bool:
    """Whether `user` may start an evaluation: everybody who may change rules, at least their own."""
    return bool(user.is_active and user.has_perm("rules.change_automationrule"))


def lock_of(rule: AutomationRule) -> str:
    """The reason why `rule` is not changed by page or API; empty where it is."""
    if not rule.provisioned_by:
        return ""
    return f"This rule is managed by the file {rule.provisioned_by}. Edit the file and apply it again."


def may_switch(user: Any, rule: AutomationRule) -> bool:
    """Whether `user` may pause and activate `rule`, also one that is provisioned from a file, for emergencies."""
    return may_evaluate(user) and (rule.user_id == user.pk or has_everyone(user, "change"))
