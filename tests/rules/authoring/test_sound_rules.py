"""What is refused of a rule's levels, windows, timing, further conditions and labels, and in which words."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.authoring.conditions import further_errors, stored
from rules.authoring.validation import validate
from rules.text.rule import rule_in_words
from tests.rules.authoring.test_validation import SOUND
from tests.rules.text.test_words import a_rule

MINUTES = {n: timedelta(minutes=n) for n in (2, 5, 7, 15, 60)}
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"recovery_threshold": 65}, "recovery_threshold",
         "The recovery threshold for “below 70” must be 70 or more, for example 75."),
        ({"condition_operator": ">", "recovery_threshold": 75}, "recovery_threshold", "70 or less, for example 65"),
        ({"condition_operator": "=", "recovery_threshold": 70}, "recovery_threshold", "requires <, <=, > or >="),
        ({"recovery_threshold": 120}, "recovery_threshold", "never above 100"),
        ({"condition_operator": "<=", "recovery_threshold": 100}, "recovery_threshold", "would never recover"),
        ({"recovery_threshold": "soon"}, "recovery_threshold", "must be a number"),
        ({"critical_threshold": 70}, "critical_threshold",
         "The critical threshold for “below 70” must be less than 70, for example 50."),
        ({"condition_operator": ">=", "critical_threshold": 60}, "critical_threshold", "more than 70, for example 90"),
        ({"condition_operator": "!=", "critical_threshold": 60}, "critical_threshold", "requires <, <=, > or >="),
        ({"critical_threshold": -5}, "critical_threshold", "never below 0"),
        ({"pending_for": MINUTES[7]}, "pending_for", "Enter 5m (1 check) or 10m (2 checks)."),
        ({"keep_firing_for": MINUTES[7]}, "keep_firing_for", "Enter 5m (1 check) or 10m (2 checks)."),
        ({"repeat_every": MINUTES[7]}, "repeat_every", "Enter 5m (1 check) or 10m (2 checks)."),
        ({"pending_for": -MINUTES[5]}, "pending_for", "0 (immediately) to 366 days"),
        ({"reducer": "median"}, "reducer", "Available: last, avg, min, max"),
        ({"reducer": "avg", "evaluation_window": timedelta(0)}, "evaluation_window", "Enter the window for average"),
        ({"reducer": "avg", "evaluation_window": MINUTES[2]}, "evaluation_window", "from 5m to 30d"),
        ({"reducer": "avg", "evaluation_window": 31 * DAY}, "evaluation_window", "not 4w 3d"),
        ({"reducer": "last", "evaluation_window": MINUTES[60]}, "evaluation_window", "latest reading has no window"),
        ({"reducer": "avg", "evaluation_window": DAY, "threshold_value": 170}, "threshold_value", "never above 100"),
        ({"no_data_policy": "panic"}, "no_data_policy", "not one of: keep, fire, resolve"),
        ({"error_policy": "panic"}, "error_policy", "not one of: keep, fire, resolve"),
        ({"match": "some"}, "match", "not one of: all, any"),
        ({"labels": {"team": 3}}, "labels", "must be text"),
        ({"labels": {"a b": "c"}}, "labels", "not a label name"),
        ({"labels": {"team": "a,b"}}, "labels", "without commas"),
        ({"labels": ["team"]}, "labels", "an object with text values"),
        ({"labels": {f"l{n}": "x" for n in range(31)}}, "labels", "at most 30"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_is_right(fields, field, message):
    errors = validate(SOUND | {"reducer": "last", "evaluation_window": timedelta(0)} | fields)
    assert list(errors) == [field]
    assert message in errors[field][0]


@pytest.mark.parametrize(
    "fields",
    [
        {"recovery_threshold": 70, "critical_threshold": 50},
        {"condition_operator": ">", "recovery_threshold": 60, "critical_threshold": 90},
        {"reducer": "sum", "evaluation_window": DAY, "threshold_value": 1000},
        {"reducer": "percent_change", "evaluation_window": DAY, "threshold_value": -20},
        {"pending_for": MINUTES[15], "keep_firing_for": MINUTES[5], "repeat_every": timedelta(0)},
        {"labels": {"team": "db", "k8s.io/name": "web"}},
    ],
)
def test_what_is_sound_is_let_be(fields):
    assert validate(SOUND | fields) == {}


def test_the_default_repeat_is_right_with_any_tick(settings):
    settings.EVALUATE_EVERY_SECONDS = 7 * 60
    assert validate(SOUND) == {}


def test_what_a_rule_has_already_is_not_held_against_it():
    odd = {"pending_for": MINUTES[7], "labels": {"value": [1]}, "more_conditions": "what?"}
    assert set(validate(SOUND | odd)) == set(odd)
    assert validate(SOUND | odd, odd) == {}
    assert set(validate(SOUND | odd, odd | {"pending_for": MINUTES[5]})) == {"pending_for"}


CONDITION = {"metric": "cpu", "target": "", "reducer": "last", "window": 0, "operator": ">", "threshold": 90}


@pytest.mark.parametrize(
    ("conditions", "place", "message"),
    [
        ([CONDITION] * 6, "more_conditions", "at most 5 further conditions; 6 were given"),
        ({"a": 1}, "more_conditions", "must be a list"),
        ([CONDITION, 7], "more_conditions.1", "A condition must be an object"),
        ([CONDITION | {"colour": "red"}], "more_conditions.0.colour", "Unknown field"),
        ([CONDITION | {"metric": "9cpu"}], "more_conditions.0.metric", "not a metric name"),
        ([CONDITION | {"metric": "fusion_score", "threshold": 170}], "more_conditions.0.threshold", "never above 100"),
        ([CONDITION | {"operator": "~"}], "more_conditions.0.operator", "Available: <"),
        ([CONDITION | {"reducer": "avg"}], "more_conditions.0.window", "Enter the window for"),
        ([CONDITION | {"window": "1h"}], "more_conditions.0.window", "Invalid duration"),
        ([CONDITION | {"target": 7}], "more_conditions.0.target", "The target must be text"),
    ],
)
def test_each_further_condition_has_its_own_errors(conditions, place, message):
    errors = validate(SOUND | {"more_conditions": conditions})
    assert list(errors) == [place]
    assert message in errors[place][0]


def test_a_condition_is_kept_as_the_dispatcher_reads_it():
    typed = {"metric": "cpu", "operator": ">", "threshold": 90.0, "reducer": "avg", "window": timedelta(hours=1)}
    assert stored(typed) == CONDITION | {"reducer": "avg", "window": 3600}
    assert further_errors([stored(typed)]) == {}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*CONDITION, "x"]) | st.text(), inner, max_size=6
    ),
    max_leaves=12,
)  # fmt: skip


@given(ANYTHING, ANYTHING)
def test_whatever_another_program_left_there_is_refused_in_words(conditions, labels):
    errors = validate(SOUND | {"more_conditions": conditions, "labels": labels})
    assert all(isinstance(text, str) for texts in errors.values() for text in texts)
    json.dumps(errors)
    assert rule_in_words(a_rule(more_conditions=conditions)).startswith("When the fusion score of Alice is below 70")
