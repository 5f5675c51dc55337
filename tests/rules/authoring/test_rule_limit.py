"""A member has so many rules and no more, whichever way they come: each costs time in every evaluation."""

import json

import pytest

from rules.lifecycle.recycle_bin import delete
from rules.models import AutomationRule
from tests.api import Program
from tests.rules.pages.test_rule_form import filled
from tests.rules.rule_cast import rule_of

RULE = {"rule_name": "Low", "metric_type": "cpu", "condition_operator": "<", "threshold_value": 7, "action_type": "log"}
AT_MOST = "Alice has 2 of at most 2 rules"


@pytest.fixture(autouse=True)
def _two_rules(alice, settings):
    settings.RULES_PER_MEMBER = 2
    for name in ("One", "Two"):
        rule_of(alice, rule_name=name)


def test_by_rest_and_as_a_copy(alice):
    program, rule = Program(alice), AutomationRule.objects.first()
    assert AT_MOST in program.post("rules/", RULE, status=400)["detail"][0]
    assert AT_MOST in program.post(f"rules/{rule.pk}/clone/", status=409)["detail"][0]
    program.patch(f"rules/{rule.pk}/", {"threshold_value": 65})
    assert AutomationRule.objects.count() == 2


def test_in_the_form_and_as_a_copy_on_its_page(client_of, alice):
    client, rule = client_of(alice), AutomationRule.objects.first()
    assert AT_MOST in client.post("/rules/add/", filled()).content.decode()
    assert AT_MOST in client.post(f"/rules/{rule.pk}/clone/", follow=True).content.decode()
    assert client.post(f"/rules/{rule.pk}/change/", filled()).status_code == 302
    assert AutomationRule.objects.count() == 2


def test_in_a_file_of_rules(alice):
    rule = {"name": "Low", "metric": "cpu", "operator": "<", "threshold": 7, "action": "log"}
    document = {"version": 1, "source": "a.yaml", "rules": [rule | {"uid": "a"}, rule | {"uid": "b"}]}
    refused = Program(alice).post("rules/apply/", {"document": document}, status=400)
    assert "Alice has 2 of at most 2 rules, so 2 more cannot be added." in json.dumps(refused)
    assert AutomationRule.objects.count() == 2


def test_out_of_the_recycle_bin(alice, now):
    gone = AutomationRule.objects.filter(rule_name="One")
    key = gone.get().pk
    delete(gone, alice, now)
    program = Program(alice)
    program.post("rules/", RULE, status=201)
    assert AT_MOST in program.post(f"rules/{key}/undelete/", status=409)["detail"][0]


def test_an_operator_has_no_limit_and_may_not_give_a_member_more(alice, olga):
    for _ in range(3):
        Program(olga).post("rules/", RULE, status=201)
    assert AT_MOST in Program(olga).post("rules/", RULE | {"user": str(alice.pk)}, status=400)["detail"][0]


def test_without_a_limit(alice, settings):
    settings.RULES_PER_MEMBER = 0
    Program(alice).post("rules/", RULE, status=201)
