"""A firing instance does not stay when its rule turns to something else."""

import pytest

from notifications.models import Notification
from rules.engine.series_labels import labels_of
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, RuleState
from rules.text.entry import entry_in_words
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample
from tests.rules.evaluation.test_series import on_load, push, run, states


def to_another_target(rule, _):
    rule.target_integration = "gmail"


def to_its_owner_alone(rule, _):
    rule.applies_to = "owner"


def without_alice(_, alice):
    alice.is_active = False


@pytest.mark.parametrize("turn", [to_another_target, to_its_owner_alone, without_alice])
def test_an_instance_that_nobody_watches_any_more_is_resolved(alice, olga, now, turn):
    rule = rule_of(olga, "cpu", ">", 90, "log", applies_to="everyone")
    sample(alice, 95, now)
    dispatch(now, "command")
    assert RuleState.objects.firing().count() == 1
    turn(rule, alice)
    rule.save()
    alice.save()
    dispatch(now + minutes(5), "command")
    dispatch(now + minutes(10), "command")
    assert not RuleState.objects.firing().exists()
    entry = ActivityEntry.objects.get(event_type="rule_resolved")
    assert (entry.user, entry.context["reason"]) == (olga, "no longer evaluated")


def test_the_evaluation_of_one_person_leaves_the_instances_of_others_alone(alice, bob, now):
    rule = rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    dispatch(now, "command")
    rule.target_integration = "gmail"
    rule.save()
    dispatch(now + minutes(5), "page", owner=bob.pk)
    assert RuleState.objects.firing().count() == 1


BY_HOST = {"series_mode": "by", "group_by": ["host"]}
TURNED = [
    ({}, {"series_mode": "one"}, {""}),
    ({}, BY_HOST, {"", '{host="a"}', '{host="b"}'}),
    ({}, {"matchers": ['host=~"[b-z]"']}, {'{disk="x",host="b"}'}),
    (BY_HOST, {"matchers": ['host!="b"', 'disk=~"x?"']}, {"", '{host="a"}'}),
    (BY_HOST, {"group_by": ["disk"]}, {"", '{disk="x"}'}),
    ({"series_mode": "by", "group_by": ["host", "disk"]}, {"series_mode": "one", "group_by": []}, {""}),
]


@pytest.mark.parametrize("pending_for", [0, 60])
def test_instances_that_matchers_or_labels_leave_out_end_at_once(alice, now, pending_for):
    common = {"action_config": {"notify_resolved": True}, "pending_for": minutes(pending_for)}
    rules = [on_load(alice, **common, **was) for was, _, _ in TURNED]
    push(now, {"host=a,disk=x": 95, "host=b,disk=x": 96, "": 99})
    run(now)
    before = [set(states(rule)) for rule in rules]
    for rule, (_, turned, _) in zip(rules, TURNED, strict=True):
        AutomationRule.objects.filter(pk=rule.pk).update(**turned)
    run(now + minutes(5))
    assert [set(states(rule)) for rule in rules] == [keys for _, _, keys in TURNED]
    ended = ActivityEntry.objects.filter(event_type="rule_unpending" if pending_for else "rule_resolved")
    for rule, were, (_, _, keys) in zip(rules, before, TURNED, strict=True):
        assert {entry.context["target"] for entry in ended if entry.rule_id == rule.pk} == were - keys
    for entry in ended:
        assert labels_of(entry.context["target"]) == entry.context.get("labels", {})
        assert entry_in_words(entry).startswith("The rule no longer evaluates the load")
        assert entry.action_taken == ("none" if pending_for else "alert")
    notified = list(Notification.objects.filter(title__startswith="Resolved").values_list("message", flat=True))
    assert bool(notified) is not bool(pending_for)
    assert all(
        line.startswith("The rule no longer evaluates the load") for text in notified for line in text.split("\n")
    )


def test_a_series_without_labels_that_vanishes_is_gone_like_others(alice, now):
    rule = on_load(alice)
    push(now, {"host=a": 95, "": 99})
    run(now)
    later = now + minutes(24 * 60)
    push(later, {"host=a": 95})
    run(later)
    assert states(rule) == {'{host="a"}': "firing", "": "firing"}
    run(later + minutes(5))
    assert states(rule) == {'{host="a"}': "firing"}
    resolved = ActivityEntry.objects.get(rule=rule, event_type="rule_resolved")
    assert entry_in_words(resolved) == "The load had no reading at two evaluations: series gone."
