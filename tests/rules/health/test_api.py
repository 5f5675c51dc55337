"""The health of rules by REST."""

import pytest
from django.utils import timezone

from tests.api import Program
from tests.rules.health.conftest import DAY
from tests.rules.health.test_page import judge
from tests.rules.rule_cast import entry_of, rule_of


@pytest.fixture
def now():
    """The API asks the clock."""
    return timezone.now()


def sections(answer):
    return {section["kind"]: section["count"] for section in answer["sections"] if section["count"]}


def test_of_all_rules_that_one_sees(alice, bob, olga, now):
    for number in range(3):
        rule_of(alice, rule_name=f"No. {number}", created_at=now - (100 + number) * DAY)
    entry_of(rule_of(bob, rule_name="Of Bob"), now - DAY)
    answer = Program(alice).get("rules/health/?limit=2")
    assert (answer["active"], answer["affected"]) == (3, 3)
    assert sections(answer) == {"never_fired": 3}
    found = next(section for section in answer["sections"] if section["count"])
    assert [finding["rule_name"] for finding in found["findings"]] == ["No. 2", "No. 1"]
    assert found["findings"][0]["words"] == "Never fired in the 102 days since it was created."
    assert answer["noisiest"] == []
    everything = Program(olga).get("rules/health/")
    assert everything["active"] == 4
    assert [(each["rule_name"], each["notified_7_days"], each["precision"]) for each in everything["noisiest"]] == [
        ("Of Bob", 1, None)
    ]


def test_of_one_kind(alice, now):
    rule_of(alice, created_at=now - 100 * DAY)
    program = Program(alice)
    assert [each["kind"] for each in program.get("rules/health/?kind=flapping")["sections"]] == ["flapping"]
    assert program.get("rules/health/?kind=flapping")["affected"] == 0
    assert "Available: failing, " in program.get("rules/health/?kind=worse", status=400)["kind"][0]
    assert program.get("rules/health/?limit=0", status=400) == {"limit": ["Enter a whole number from 1 to 500."]}
    assert len(program.get("rules/?health=never_fired")["results"]) == 1
    assert program.get("rules/?health=flapping")["results"] == []


def test_of_one_rule(alice, bob, now):
    rule = rule_of(alice, condition_operator=">", threshold_value=25)
    judge(rule, now, [(40, True), *[(31, False)] * 9])
    answer = Program(alice).get(f"rules/{rule.pk}/health/")
    assert [each["kind"] for each in answer["findings"]] == ["imprecise"]
    assert (answer["precision"]["useful"], answer["precision"]["noise"], answer["precision"]["precision"]) == (
        1,
        9,
        0.1,
    )
    assert answer["precision"]["high"] == pytest.approx(0.404, abs=0.001)
    assert (answer["proposal"]["threshold"], answer["proposal"]["noise_dropped"]) == (31, 9)
    assert answer["no_proposal"] is None
    assert answer["noise"] == {"notified_7_days": 10, "notified_30_days": 10, "fired_7_days": 10, "fired_30_days": 10}
    Program(bob).get(f"rules/{rule.pk}/health/", status=404)


def test_why_there_is_no_proposal(alice, now):
    rule = rule_of(alice, condition_operator=">", threshold_value=25)
    judge(rule, now, [(31, False)] * 9)
    answer = Program(alice).get(f"rules/{rule.pk}/health/")
    assert answer["proposal"] is None
    assert "so a threshold cannot be chosen" in answer["no_proposal"]
