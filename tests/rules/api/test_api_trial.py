"""A rule tried on the past, by REST."""

from datetime import timedelta

import pytest

from rules.models import AutomationRule, MetricSample, Silence
from tests.api import Program
from tests.rules.authoring.test_trial import push
from tests.rules.rule_cast import rule_of

TRIAL = "rules/trial/"
TICK, DAY = timedelta(minutes=5), timedelta(days=1)
CPU = {
    "rule_name": "CPU high", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
    "action_type": "alert", "repeat_every": "1d",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at(time_machine, now):
    time_machine.move_to(now, tick=False)


def test_how_often_a_rule_that_is_not_made_would_have_fired(alice, now):
    push(alice, now, [95 if hour % 6 == 0 else 20 for hour in range(48)])
    found = Program(alice).post(TRIAL, CPU | {"days": 1})
    assert (found["days"], found["fired"], found["notified"], found["people"]) == (1, 4, 4, 1)
    assert found["sentence"] == "In the last 24 hours this rule would have fired 4 times, notified 4 times."
    assert found["person"] == str(alice.pk)
    assert [each["to"] for each in found["transitions"]].count("firing") == 4
    assert Program(alice).post(TRIAL, CPU)["fired"] == 8  # 7 days
    assert not AutomationRule.objects.exists()


def test_each_transition_says_when_from_where_and_at_which_reading(alice, now):
    push(alice, now, [20, 95, 96, 20], every=TICK)
    steps = Program(alice).post(TRIAL, CPU | {"pending_for": "5m"})["transitions"]
    assert [(each["from"], each["to"], each["value"]) for each in steps[-3:]] == [
        ("ok", "pending", 95), ("pending", "firing", 96), ("firing", "ok", 20),
    ]  # fmt: skip
    assert [each["at"] for each in steps[-3:]] == [f"2026-03-02T{time}:00Z" for time in ("09:50", "09:55", "10:00")]


def test_a_rule_on_everyone_counts_all_or_only_whom_one_names(olga, alice, bob, now):
    push(alice, now, [20, 95, 20, 20, 20])
    push(bob, now, [20, 95, 20, 95, 20])
    everyone = CPU | {"applies_to": "everyone"}
    found = Program(olga).post(TRIAL, everyone)
    assert (found["fired"], found["notified"], found["people"], found["person"]) == (3, 3, 2, str(bob.pk))
    for name in (str(alice.pk), alice.email):
        one = Program(olga).post(TRIAL, everyone | {"person": name})
        assert (one["fired"], one["people"], one["person"]) == (1, 1, str(alice.pk))
        assert "fired once for Alice" in one["sentence"]


def test_a_stored_rule_is_tried_as_it_is_or_as_it_would_be_and_its_silences_count(alice, now):
    push(alice, now, [20, 95, 95, 20])
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    address = f"rules/{rule.pk}/trial/"
    assert Program(alice).post(address)["fired"] == 1
    assert Program(alice).post(address, {"threshold_value": 99, "days": 30})["fired"] == 0
    Silence.objects.create(user=alice, rule=rule, comment="Upgrade", starts_at=now - DAY, ends_at=now, created_by=alice)
    found = Program(alice).post(address, {"days": 1})
    assert (found["fired"], found["notified"]) == (1, 0)
    rule.refresh_from_db()
    assert rule.threshold_value == 90
    assert rule.history.count() == 1


def test_transitions_are_bounded(alice, now, monkeypatch):
    monkeypatch.setattr("rules.api.trial.MAX_ANSWERED_TRANSITIONS", 3)
    push(alice, now, [20, 95, 20, 95, 20])
    found = Program(alice).post(TRIAL, CPU)
    assert (len(found["transitions"]), found["truncated"], found["fired"]) == (3, True, 2)


WRONG = [
    ({"days": 2}, "days"), ({"days": "7"}, "days"), ({"days": True}, "days"),
    ({"threshold_value": "90"}, "threshold_value"), ({"recovery_threshold": 99}, "recovery_threshold"),
    ({"person": "bob@example.com"}, "person"), ({"person": 1}, "person"), ({"applies_to": "everyone"}, "applies_to"),
    ({"dayz": 1}, "dayz"),
]  # fmt: skip


def test_what_is_wrong_is_said_by_field(alice, bob):
    program = Program(alice)
    for wrong, field in WRONG:
        assert list(program.post(TRIAL, CPU | wrong, status=400)) == [field], wrong


def test_who_may_make_no_rules_tries_none_and_nobody_those_of_others(alice, bob, audra):
    rule = rule_of(bob, metric_type="cpu")
    Program(audra).post(TRIAL, CPU, status=403)
    Program(audra).post(f"rules/{rule.pk}/trial/", {}, status=403)
    Program(alice).post(f"rules/{rule.pk}/trial/", {}, status=404)


def test_a_members_trial_reads_nobody_elses_samples(alice, bob, now):
    push(bob, now, [20, 95, 20])
    assert Program(alice).post(TRIAL, CPU)["fired"] == 0
    assert MetricSample.objects.filter(series__user=bob).count() == 3
