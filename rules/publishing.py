"""A draft becomes a rule that acts: what it only seemed to do is forgotten, so that what breaks it now is told anew."""

from collections.abc import Iterable

from rules.models import AutomationRule, RuleState

DRAFT = AutomationRule.Status.DRAFT


def publishes(before: str, after: str) -> bool:
    """Whether a change of status lets a draft act, or rest like any other rule."""
    return before == DRAFT != after


def begin_anew(rules: Iterable[AutomationRule]) -> None:
    """Forget where the instances of `rules` stand. Called wherever `publishes`, in the same transaction."""
    RuleState.objects.filter(rule__in=[rule.pk for rule in rules]).delete()
