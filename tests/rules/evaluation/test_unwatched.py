"""A firing instance does not stay when its rule turns to something else."""

import pytest

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, RuleState
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample


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
