"""A resolution says what was true: of the condition that held when the rule fired, and of that which holds now."""

import pytest

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule
from rules.text.activity import named_entries
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample

pytestmark = pytest.mark.django_db(transaction=True)

RESOLVES = {"action_config": {"notify_resolved": True}}


def sentence_at(at):
    """The sentence of the entry that was written at that time, without the name of the person."""
    (entry,) = named_entries(list(ActivityEntry.objects.filter(created_at=at)))
    return entry.sentence.replace(" of Alice", "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "is 60: no longer above 65."),
        ({"threshold_value": 71}, "is 60: not above 71. The threshold was changed from 65 to 71."),
        (
            {"condition_operator": "<", "threshold_value": 50},
            "is 60: not below 50. The condition was changed from above 65 to below 50.",
        ),
        (
            {"metric_type": "load", "threshold_value": 4},
            "is 2: not above 4. The condition was changed from cpu above 65 to load above 4.",
        ),
        ({"severity": "low"}, "is 60: no longer above 65."),
    ],
)
def test_the_condition_was_changed_while_the_rule_fired(alice, now, change, sentence):
    rule_of(alice, "cpu", ">", 65, "alert", **RESOLVES)
    sample(alice, 70, now)
    dispatch(now, "command")
    AutomationRule.objects.update(**change)
    sample(alice, 60, now + minutes(4))
    sample(alice, 2, now + minutes(4), "load")
    dispatch(now + minutes(5), "command")
    metric = change.get("metric_type", "cpu")
    assert sentence_at(now + minutes(5)) == f"The {metric} {sentence}"
    message = Notification.objects.order_by("-created_at", "-title").get(title__startswith="Resolved").message
    assert message == f"The {metric} {sentence}"


def test_a_threshold_that_was_changed_and_changed_back_is_not_spoken_of(alice, now):
    rule_of(alice, "cpu", ">", 65, "alert")
    sample(alice, 70, now)
    dispatch(now, "command")
    for threshold in (80, 65):
        AutomationRule.objects.update(threshold_value=threshold)
    sample(alice, 60, now + minutes(4))
    dispatch(now + minutes(5), "command")
    assert sentence_at(now + minutes(5)) == "The cpu is 60: no longer above 65."


def test_what_was_pending_or_recovering_when_the_threshold_was_changed(alice, now):
    rule_of(alice, "cpu", ">", 65, "alert", pending_for=minutes(30))
    sample(alice, 70, now)
    dispatch(now, "command")
    AutomationRule.objects.update(threshold_value=71)
    dispatch(now + minutes(5), "command")
    assert sentence_at(now + minutes(5)) == (
        "The cpu is 70: not above 71; cleared before firing. The threshold was changed from 65 to 71."
    )


def test_what_still_fires_by_another_threshold_says_so(alice, now):
    rule_of(alice, "cpu", ">", 65, "alert", repeat_every=minutes(5))
    sample(alice, 70, now)
    dispatch(now, "command")
    AutomationRule.objects.update(threshold_value=68)
    dispatch(now + minutes(5), "command")
    assert sentence_at(now + minutes(5)) == "The cpu is 70: above 68. The threshold was changed from 65 to 68."


def test_a_reading_within_the_recovery_threshold_is_not_said_to_be_beyond_the_other(alice, now):
    rule_of(alice, "cpu", ">", 65, "alert", repeat_every=minutes(5), recovery_threshold=50)
    sample(alice, 70, now)
    dispatch(now, "command")
    sample(alice, 60, now + minutes(4))
    dispatch(now + minutes(5), "command")
    sentence = "The cpu is 60: not above 65, but the recovery threshold is not reached."
    assert sentence_at(now + minutes(5)) == sentence
    assert Notification.objects.get(title__startswith="Still").message == sentence


def test_another_condition_that_decides_is_spoken_of(alice, now):
    more = [{"metric": "load", "operator": ">", "threshold": 4}]
    rule_of(alice, "cpu", ">", 65, "alert", more_conditions=more, match="any", **RESOLVES)
    rule_of(alice, "cpu", ">", 15, "alert", more_conditions=more, match="all", **RESOLVES)
    sample(alice, 20, now)
    sample(alice, 5, now, "load")
    dispatch(now, "command")
    messages = {note.rule.match: note.message for note in Notification.objects.select_related("rule")}
    assert messages == {
        "any": "The cpu is 20: not above 65, but another condition is met.", "all": "The cpu is 20: above 15.",
    }  # fmt: skip
    sample(alice, 3, now + minutes(4), "load")
    dispatch(now + minutes(5), "command")
    resolved = Notification.objects.filter(title__startswith="Resolved").select_related("rule")
    assert {note.rule.match: note.message for note in resolved} == {
        "any": "The cpu is 20: not above 65.",
        "all": "The cpu is 20: above 15, but another condition is not met.",
    }


def test_what_fired_on_no_data_is_not_said_to_have_been_beyond_its_threshold(alice, now):
    rule_of(alice, "cpu", ">", 65, "alert", no_data_policy="fire", **RESOLVES)
    dispatch(now, "command")
    sample(alice, 60, now + minutes(4))
    dispatch(now + minutes(5), "command")
    assert sentence_at(now) == "The cpu has no reading: fires on no data."
    assert sentence_at(now + minutes(5)) == "The cpu is 60: not above 65."
