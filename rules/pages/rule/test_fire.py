"""The question before a test-fire: what it would do, and whom it would reach."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from rules.models import AutomationRule
from rules.pages.links import page_of
from rules.registries import actions
from rules.text.rule import action_in_words
from smartagent.kernel.scope import people_visible_to
from smartagent.shell.confirmation import Confirmation, confirm

MAX_PEOPLE_NAMED = 20  # people whom the question names
UNKNOWN_ACTION = "The action {} is not installed, so the test fails and reaches nobody."


def ask_to_test(request: HttpRequest, rule: AutomationRule, now: datetime) -> HttpResponse:
    """Show the question, with a button that fires the test."""
    question = Confirmation(title=f"Test-fire “{rule}”?", verb="Test-fire", cancel=page_of(rule))
    return confirm(request, question, "rules/confirm_test.html", {"rule": rule, **_reach(request.user, rule, now)})


def _reach(viewer: Any, rule: AutomationRule, now: datetime) -> dict[str, Any]:
    """Whom it would reach; people whom the viewer may not know of are counted, not named."""
    if rule.action_type not in actions:
        return {"words": UNKNOWN_ACTION.format(rule.action_type), "reached": [], "others": 0}
    action = actions[rule.action_type]
    everybody = action.reaches(rule, now)
    visible = people_visible_to(viewer).filter(pk__in=[each.person.pk for each in everybody])
    known = set(visible.order_by().values_list("pk", flat=True))
    named = [each for each in everybody if each.person.pk in known][:MAX_PEOPLE_NAMED]
    return {
        "does": action_in_words(rule), "words": action.test_words, "reached": named,
        "others": len(everybody) - len(named),
    }  # fmt: skip
