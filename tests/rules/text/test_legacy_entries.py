"""What the old application logged is shown as a sentence with its numbers, whatever it wrote there."""

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry
from tests.api import Program
from tests.rules.rule_cast import rule_of

FACTS = {
    "rule_name": "Low score", "metric_type": "fusion_score", "metric_value": 63.5, "threshold_value": "70",
    "condition_operator": "<", "action_result": {"success": False},
}  # fmt: skip
READ = "The fusion score is 63.5: below 70."


def logged(rule, context, **fields):
    return ActivityEntry.objects.create(
        **{
            "user": rule.user, "rule": rule, "agent_name": "ai_agent_dispatcher", "event_type": "rule_triggered",
            "action_taken": "Executed alert action for rule: Low score", "context": context, "status": "failed",
            "error_message": "Edge Function returned a non-2xx status code", "created_at": timezone.now(),
        } | fields
    )  # fmt: skip


def pages(client, rule, entry):
    addresses = ["/activity/", reverse("admin:rules_activityentry_change", args=[entry.pk]),
                 reverse("admin:rules_automationrule_page", args=[rule.pk]), "/"]  # fmt: skip
    return [client.get(address) for address in addresses]


def test_its_numbers_are_a_sentence_on_every_page(client_of, alice):
    rule = rule_of(alice)
    entry = logged(rule, FACTS)
    for page in pages(client_of(alice), rule, entry):
        text = page.content.decode()
        assert READ in text
        assert "Executed alert action" not in text
        assert "rule_triggered</" not in text
    assert "Action alert failed: Edge Function" in pages(client_of(alice), rule, entry)[1].content.decode()


def test_by_rest_too(alice):
    rule = rule_of(alice)
    logged(rule, FACTS)
    (entry,) = Program(alice).get("activity/?metric=fusion_score")["results"]
    assert (entry["sentence"], entry["context"]["metric_value"]) == (READ, 63.5)


@pytest.mark.parametrize(
    "context",
    [
        {}, {"metric_type": "fusion_score"}, FACTS | {"metric_value": None}, FACTS | {"metric_value": "many"},
        FACTS | {"threshold_value": [1]}, FACTS | {"condition_operator": {"a": 1}}, FACTS | {"metric_type": ["x"]},
        FACTS | {"metric_value": "1e999"}, FACTS | {"metric_value": True}, FACTS | {"rule_name": {"a": [1]}}, [1], "x",
        FACTS | {"metric_value": "63.5", "target_integration": 7}, FACTS | {"metric": {"no": 1}}, {"severity": [1]},
        FACTS | {"conditions": 7, "outcome": [1], "person": {"a": 1}, "episode": "x", "from": [1], "since": 5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("action", ["Executed alert action for rule: X", "did it", ""])
def test_whatever_it_wrote_every_page_shows_it(client_of, alice, context, action):
    rule = rule_of(alice)
    entry = logged(rule, context, action_taken=action, error_message=None)
    assert {page.status_code for page in pages(client_of(alice), rule, entry)} == {200}
    assert len(Program(alice).get("activity/")["results"]) == 1
