"""Asked first, then done: one page for all of them."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from rules.models import AutomationRule
from tests.rules.rule_cast import rule_of

TEMPLATES = Path(settings.BASE_DIR) / "templates"
RULES = "admin:rules_automationrule_changelist"


def test_every_page_that_asks_builds_on_the_same_template():
    asking = [path for path in TEMPLATES.rglob("confirm*.html") if path != TEMPLATES / "smartagent/confirm.html"]
    assert len(asking) >= 4
    for path in asking:
        assert path.read_text().startswith('{% extends "smartagent/confirm.html" %}'), path


@pytest.mark.django_db
def test_what_was_chosen_comes_back_and_is_done_only_when_confirmed(client_of, alice):
    rule = rule_of(alice)
    client, sent = client_of(alice), {"action": "pause", "_selected_action": [str(rule.pk)]}
    page = client.post(reverse(RULES), sent)
    assert page.context["asked"].verb == "Pause"
    assert AutomationRule.objects.get().status == "active"
    client.post(reverse(RULES), dict(page.context["hidden"]))
    assert AutomationRule.objects.get().status == "paused"
