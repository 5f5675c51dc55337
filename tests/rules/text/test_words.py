"""A rule and an entry in plain sentences."""

from datetime import timedelta

import pytest

from rules.models import ActivityEntry, AutomationRule
from rules.text.entry import entry_in_words, number, outcome_in_words, rule_in_words
from rules.text.phrases import begun
from smartagent.models import User

ALICE = User(full_name="Alice", email="alice@example.com")


def a_rule(**fields):
    return AutomationRule(
        **{
            "user": ALICE, "rule_name": "Low", "metric_type": "fusion_score", "condition_operator": "<",
            "threshold_value": 70, "action_type": "alert", "severity": "high",
        } | fields
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(70, "70"), (63.5, "63.5"), (1234567, "1,234,567"), (0.00002, "2e-05"), (0, "0"), (-3.14159, "-3.1416"),
     (None, "no value"), (float("inf"), "inf")],
)  # fmt: skip
def test_a_number(value, text):
    assert number(value) == text


def test_a_rule():
    assert rule_in_words(a_rule()) == (
        "When the fusion score of Alice is below 70, alert Alice, severity high; again every 4h while it lasts."
    )


def test_a_rule_on_everyone_and_one_integration():
    rule = a_rule(
        applies_to="everyone", target_integration="gmail", repeat_every=timedelta(0), action_type="optimize",
        no_data_policy="fire",
    )  # fmt: skip
    assert rule_in_words(rule) == (
        "When the fusion score of anyone on gmail is below 70, propose an optimization, severity high; "
        "again at every evaluation while it lasts. Also fires on no data."
    )


def test_a_pushed_metric_keeps_its_name_and_an_unknown_action_says_so():
    wording = rule_in_words(a_rule(metric_type="queue_depth", action_type="explode"))
    assert "the queue_depth of Alice" in wording
    assert "explode (no such action is installed)" in wording


@pytest.mark.parametrize(
    ("words", "metric", "sentence"),
    [
        ("fusion score was 63", "fusion_score", "Fusion score was 63"),
        ("cpu_x was 90", "cpu_x", "cpu_x was 90"),
        ("the cpu_x of Alice is 90", "cpu_x", "The cpu_x of Alice is 90"),
        ("the average of cpu_x is 90", "cpu_x", "The average of cpu_x is 90"),
        ("metric has no reading", None, "Metric has no reading"),
        ("the 7 is 90", 7, "The 7 is 90"),  # what another program wrote
    ],
)
def test_a_pushed_metric_keeps_its_spelling_also_where_a_sentence_begins(words, metric, sentence):
    assert begun(words, metric) == sentence


FACTS = {"metric": "fusion_score", "value": 63, "threshold": 70, "operator": "<", "target": ""}


@pytest.mark.parametrize(
    ("event", "context", "sentence"),
    [
        ("rule_fired", FACTS, "The fusion score of Alice is 63: below 70."),
        ("rule_repeated", FACTS, "The fusion score of Alice is 63: still below 70."),
        ("rule_resolved", FACTS | {"value": 80}, "The fusion score of Alice is 80: no longer below 70."),
        (
            "rule_fired",
            FACTS | {"value": None, "verdict": "missing"},
            "The fusion score of Alice has no reading: fires on no data.",
        ),
        ("rule_repeated", FACTS | {"value": None}, "The fusion score of Alice has no reading: still firing."),
        ("rule_resolved", FACTS | {"value": None}, "The fusion score of Alice has no reading."),
        ("rule_no_data", FACTS | {"value": None}, "The fusion score of Alice has no reading."),
        ("rule_error", FACTS, "The fusion score of Alice could not be read."),
        ("legacy_event", {"message": "It was so."}, "Legacy event — It was so."),
        ("legacy_event", [], "Legacy event"),
    ],
)
def test_an_entry(event, context, sentence):
    assert entry_in_words(ActivityEntry(event_type=event, context=context), "Alice") == sentence


def test_an_outcome_shows_its_cause():
    failed = ActivityEntry(action_taken="alert", status="failed", error_message="ValueError: no")
    assert outcome_in_words(failed) == "alert failed: ValueError: no"
    for nothing_to_do in ("success", "skipped"):
        assert outcome_in_words(ActivityEntry(action_taken="none", status=nothing_to_do)) == ""
