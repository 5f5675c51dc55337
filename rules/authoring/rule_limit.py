"""How many rules one member may have: RULES_PER_MEMBER in the settings. Each costs time in every evaluation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings

from rules.models import AutomationRule
from smartagent.kernel.scope import has_everyone


def rule_limit_problem(owner: Any, adding: int = 1) -> str:
    """What is wrong with `adding` rules for `owner`; empty where that is within the limit. Whoever may change
    everyone's rules has none."""
    maximum: int = settings.RULES_PER_MEMBER
    if not maximum or has_everyone(owner, "change"):
        return ""
    count = AutomationRule.objects.filter(user=owner).count()
    if count + adding <= maximum:
        return ""
    return f"{owner} has {count:,} of at most {maximum:,} rules, so {adding:,} more cannot be added. Delete some first."


def rule_limit_problems(rules: Sequence[AutomationRule]) -> Iterator[str]:
    """The same for the owners of new `rules`, each owner once."""
    first = {rule.user_id: rule for rule in reversed(rules) if rule.user_id}
    adding = Counter(rule.user_id for rule in rules)
    for owner, rule in first.items():
        if problem := rule_limit_problem(rule.user, adding[owner]):
            yield problem
