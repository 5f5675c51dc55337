"""Entries, notifications and pages of a rule with an aggregation name it: the value is not a reading."""

from datetime import timedelta
from decimal import Decimal

import pytest

from notifications.channels.truncation import numbers_of
from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.lifecycle.test_fire import test_fire as fire_test
from rules.models import ActivityEntry, MetricSample, RuleState
from rules.pages.links import page_of_instance
from rules.text.alert import aggregation_in_short, value_and_limit
from rules.text.entry import entry_in_words
from tests.rules.rule_cast import rule_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OF_ONE = {"condition_operator": ">", "threshold_value": 5, "evaluation_window": HOUR}


def push(now, user, *values, labels=None):
    MetricSample.objects.push_all(
        {"metric": "cpu", "user": user, "value": value, "observed_at": now - n * MINUTE, "labels": labels or {}}
        for n, value in enumerate(values, 1)
    )


@pytest.mark.parametrize(
    ("fields", "sentence", "short"),
    [
        (
            {"reducer": "avg"},
            "The average of the cpu{} over 1 hour is 20: above 5.",
            ("20", "above 5", "average over 1h"),
        ),
        (
            {"reducer": "quantile", "reducer_parameter": Decimal("0.95")},
            "The 95th percentile of the cpu{} over 1 hour is 29: above 5.",
            ("29", "above 5", "quantile 0.95 over 1h"),
        ),
        (
            {"reducer": "count", "condition_operator": "<"},
            "The number of readings of the cpu{} within 1 hour is 3: below 5.",
            ("3", "below 5", "number of readings over 1h"),
        ),
        (
            {"reducer": "absent", "threshold_value": 0, "target_integration": "mail"},
            "There is no reading of the cpu{} on mail within 1 hour.",
            ("no reading", "within 1h", "absence of readings over 1h"),
        ),
        (
            {"series_mode": "by", "group_by": [], "series_aggregate": "count", "threshold_value": 0.5},
            "The number of series of the cpu{} is 1: above 0.5.",
            ("1", "above 0.5", "number of series of the group"),
        ),
        (
            {"series_mode": "by", "group_by": ["host"], "reducer": "max"},
            'The sum of the highest of the cpu{} on {{host="a"}} within 1 hour is 30: above 5.',
            ("30", "above 5", "maximum over 1h, sum of the group"),
        ),
    ],
)  # fmt: skip
def test_whatever_speaks_of_the_value_names_the_aggregation(alice, now, fields, sentence, short):
    push(now, alice, 10, 20, 30, labels={"host": "a"} if fields.get("group_by") else {})
    rule = rule_of(alice, **{"metric_type": "cpu"} | OF_ONE | fields)
    dispatch(now, "manual")
    fired = ActivityEntry.objects.get(rule=rule, event_type="rule_fired")
    assert entry_in_words(fired, "Alice") == sentence.format(" of Alice")
    told = Notification.objects.get(user=alice)
    assert told.message.splitlines()[-1] == sentence.format("")
    assert numbers_of(told.metadata) == sentence.format("")
    state = RuleState.objects.get(rule=rule)
    assert (*value_and_limit(state), aggregation_in_short(state.rule)) == short
    tested = entry_in_words(fire_test(rule, alice, now), "Alice")
    if fields.get("series_mode") != "by":  # a test has the reading of no group
        said = sentence.format(" of Alice").partition(": ")[0].rstrip(".")
        assert tested == f"Test with this reading: {said[0].lower()}{said[1:]}."


@pytest.mark.parametrize(
    ("event", "verdict", "value", "sentence"),
    [
        ("rule_repeated", "met", 1, "There is no reading of the cpu within 1 hour: still firing."),
        ("rule_resolved", "clear", 0, "There is a reading of the cpu within 1 hour."),
        ("rule_fired", "met", 0, "There is a reading of the cpu within 1 hour: another condition is met."),
        ("rule_fired", "met", 0.5, "The absence of the cpu within 1 hour is 0.5: above 0.2."),
    ],
)
def test_an_absence_at_each_step(event, verdict, value, sentence):
    threshold = 0.2 if value == 0.5 else 0
    condition = {"metric": "cpu", "reducer": "absent", "window": 3600, "value": value, "verdict": verdict}
    context = {
        "metric": "cpu", "target": "", "operator": ">", "threshold": threshold, "value": value, "verdict": verdict,
        "conditions": [condition],
    }  # fmt: skip
    assert entry_in_words(ActivityEntry(event_type=event, context=context)) == sentence


@pytest.mark.parametrize(
    "conditions", [None, [], [7], "x", [{"reducer": 7, "window": "x"}], [{"reducer": "avg", "window": 1e300}], {}]
)
def test_conditions_of_any_shape_have_a_sentence(conditions):
    context = {"metric": "cpu", "operator": ">", "threshold": 5, "value": 9, "conditions": conditions}
    assert entry_in_words(ActivityEntry(event_type="rule_fired", context=context)).endswith("is 9: above 5.")


def test_pages_name_the_aggregation_beside_the_reading(alice, now, client):
    push(now, alice, 10, 20, 90)
    rule = rule_of(alice, metric_type="cpu", reducer="avg", **OF_ONE)
    dispatch(now, "manual")
    state = RuleState.objects.get(rule=rule)
    client.force_login(alice)
    page = client.get(page_of_instance(state.pk)).content.decode()
    assert "average over 1h, at the last change" in page
    assert 'Newest reading: <b class="sa-strong">10</b>' in page
    overview = client.get("/", follow=True).content.decode()
    assert "The average of the cpu over 1 hour is 40: above 5" in overview
    assert "newest reading <b>10</b>" in overview


def test_a_distance_from_the_usual_is_not_said_to_be_the_reading():
    condition = {"metric": "cpu", "reducer": "unusual", "window": 0, "value": 24.48}
    context = {"metric": "cpu", "operator": ">", "threshold": 5, "value": 24.48, "conditions": [condition]}
    sentence = "The cpu of Alice is 24.48 deviations from the usual at this hour of the week: above 5."
    assert entry_in_words(ActivityEntry(event_type="rule_fired", context=context), "Alice") == sentence
