"""Two people edit one rule at the same time: the second is asked, and nothing is lost."""

import re
from html import unescape

import pytest
from django.urls import reverse

from rules.lifecycle.three_way import ThreeWay, three_way
from rules.models import AutomationRule
from tests.rules.pages.test_rule_form import CHANGE, errors_of, filled
from tests.rules.rule_cast import rule_of

FIELD = re.compile(r'<input type="hidden" name="(_version|_base)" value="([^"]*)">')


@pytest.fixture
def rule(alice):
    return rule_of(alice, action_config={"title": "Look"})


@pytest.fixture
def opened(client_of, alice, rule):
    """Alice has opened the form; `save` sends it with these changes."""
    client, address = client_of(alice), reverse(CHANGE, args=[rule.pk])
    page = client.get(address).content.decode()
    seen = {name: unescape(value) for name, value in FIELD.findall(page)}
    shown = filled(rule_name=rule.rule_name, metric_type="fusion_score", condition_operator="<", threshold_value="70",
                   severity=rule.severity, repeat_every="4h", option__alert__title="Look",
                   applies_to="owner")  # fmt: skip
    return lambda **changes: client.post(address, shown | seen | changes)


def by_olga(client_of, olga, rule, **changes):
    client, address = client_of(olga), reverse(CHANGE, args=[rule.pk])
    sent = filled(rule_name=rule.rule_name, metric_type="fusion_score", condition_operator="<", threshold_value="70",
                  severity=rule.severity, repeat_every="4h", option__alert__title="Look", user=rule.user_id,
                  applies_to="owner") | changes  # fmt: skip
    assert client.post(address, sent).status_code == 302


def test_the_second_save_shows_both_versions_and_asks(client_of, olga, rule, opened):
    by_olga(client_of, olga, rule, threshold_value="60", severity="critical", option__alert__title="Hers")
    asked = opened(threshold_value="50", option__alert__title="Mine", description="Why")
    page = asked.content.decode()
    assert "Olga saved this rule" in page
    assert [row["name"] for row in asked.context["conflicts"]] == ["threshold_value", "option__alert__title"]
    assert [(row["label"], row["theirs"]) for row in asked.context["taken"]] == [("Severity", "Critical")]
    rule.refresh_from_db()
    assert (rule.threshold_value, rule.severity, rule.description) == (60, "critical", "")

    choice = {"_resolve": "chosen", "_choose-threshold_value": "theirs", "_choose-option__alert__title": "mine"}
    assert client_of(rule.user).post(reverse(CHANGE, args=[rule.pk]), dict(asked.context["hidden"]) | choice).url
    rule.refresh_from_db()
    assert (rule.threshold_value, rule.severity, rule.description) == (60, "critical", "Why")
    assert rule.action_config == {"title": "Mine"}


def test_mine_over_it_after_a_third_save(client_of, alice, olga, rule, opened):
    by_olga(client_of, olga, rule, threshold_value="60")
    asked = opened(threshold_value="50")
    by_olga(client_of, olga, rule, threshold_value="65")
    client, address = client_of(alice), reverse(CHANGE, args=[rule.pk])
    again = client.post(address, dict(asked.context["hidden"]) | {"_resolve": "mine"})
    assert [row["theirs"] for row in again.context["conflicts"]] == ["65"]
    edit = client.post(address, dict(again.context["hidden"]) | {"_edit": "1"})
    assert 'value="50"' in edit.content.decode()
    assert not errors_of(edit)
    assert client.post(address, dict(again.context["hidden"]) | {"_resolve": "mine"}).status_code == 302
    rule.refresh_from_db()
    assert rule.threshold_value == 50


def test_what_evaluations_count_is_no_change(rule, opened):
    AutomationRule.objects.filter(pk=rule.pk).update(trigger_count=7)
    assert opened(threshold_value="50").status_code == 302
    rule.refresh_from_db()
    assert (rule.threshold_value, rule.trigger_count) == (50, 7)


def test_a_change_by_another_program_is_asked_about_too(rule, opened):
    AutomationRule.objects.filter(pk=rule.pk).update(threshold_value=60)
    asked = opened(threshold_value="50", _base="not what was shown")
    assert "Another application saved this rule" in asked.content.decode()
    assert [row["name"] for row in asked.context["conflicts"]] == ["threshold_value"]


def test_three_way():
    base, theirs, mine = ({"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 2, "b": 2, "c": 1, "d": 3},
                          {"a": 1, "b": 3, "c": 2, "d": 3})  # fmt: skip
    assert three_way(base, theirs, mine) == ThreeWay(("b",), ("a",))
    assert three_way(None, theirs, mine).conflicts == ("a", "b", "c")
