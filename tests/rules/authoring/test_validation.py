"""One check for the form and the API."""

from datetime import timedelta

import pytest

from rules.authoring.validation import validate

SOUND = {
    "rule_name": "Low", "metric_type": "fusion_score", "condition_operator": "<", "threshold_value": 70,
    "action_type": "alert", "action_config": {"title": "Look"}, "repeat_every": timedelta(hours=4),
}  # fmt: skip


def test_a_sound_rule_has_no_errors():
    assert validate(SOUND) == {}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rule_name", "  ", "Enter a name"),
        ("rule_name", "x" * 201, "at most 200"),
        ("metric_type", "", "Enter a metric"),
        ("metric_type", "my metric", "is not a metric name"),
        ("metric_type", "1cpu", "starts with a letter"),
        ("condition_operator", "~", "Available: <, <=, >, >=, =, !="),
        ("threshold_value", 120, "Fusion score is never above 100"),
        ("threshold_value", -1, "Fusion score is never below 0"),
        ("threshold_value", "abc", "must be a number"),
        ("threshold_value", float("nan"), "finite"),
        ("threshold_value", float("inf"), "finite"),
        ("action_type", "explode", "Available: alert, notify, optimize, adjust, log"),
        ("repeat_every", timedelta(seconds=-1), "0 (every evaluation)"),
        ("repeat_every", timedelta(days=400), "to 366 days"),
    ],
)
def test_what_is_wrong_is_said(field, value, message):
    errors = validate(SOUND | {field: value})
    assert list(errors) == [field]
    assert message in errors[field][0]


def test_a_pushed_metric_has_no_scale():
    assert validate(SOUND | {"metric_type": "cpu", "threshold_value": -1e9}) == {}


def test_options_are_checked_by_the_action():
    assert "Unknown option" in validate(SOUND | {"action_config": {"colour": "red"}})["colour"][0]
    assert "title" in validate(SOUND | {"action_config": {"title": "x" * 300}})
    assert validate(SOUND | {"action_config": None}) == {}


def test_only_what_is_given_is_checked():
    assert validate({"rule_name": "Low"}) == {}
