"""The state machine as a table."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.states import Condition, Event, State, Timing, Verdict, step

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("old", "verdict", "new", "event", "acts"),
    [
        (State(), "met", "firing", Event.FIRED, True),
        (State(), "clear", None, None, None),
        (State(), "missing", "no_data", Event.NO_DATA, False),
        (State(), "failed", "error", Event.ERROR, False),
        (State("firing", last_acted=NOW - HOUR), "met", None, None, None),  # not due yet
        (State("firing", last_acted=NOW - 4 * HOUR), "met", "firing", Event.REPEATED, True),
        (State("firing", last_acted=None), "met", "firing", Event.RETRIED, True),  # the last try failed
        (State("firing", retry_at=NOW), "met", "firing", Event.RETRIED, True),
        (State("firing", retry_at=NOW + HOUR), "met", None, None, None),  # the next try is not due yet
        (State("firing", last_acted=NOW - 9 * HOUR, retry_at=NOW + HOUR), "met", None, None, None),
        (State("firing", last_acted=NOW - 9 * HOUR, retry_at=NOW), "met", "firing", Event.RETRIED, True),
        (State("firing", last_acted=NOW - 9 * HOUR, handling="acknowledged"), "met", None, None, None),
        (State("firing", last_acted=NOW), "clear", "ok", Event.RESOLVED, False),
        (State("firing", last_acted=NOW), "missing", None, None, None),  # keeps its state
        (State("no_data"), "missing", None, None, None),
        (State("no_data"), "met", "firing", Event.FIRED, True),
        (State("no_data"), "clear", "ok", Event.RECOVERED, False),
        (State("error", last_acted=NOW - HOUR), "met", "firing", Event.FIRED, False),  # the same episode goes on
        (State("error", last_acted=NOW - 9 * HOUR), "met", "firing", Event.FIRED, True),  # it is due
        (State("error", last_acted=NOW - 9 * HOUR, handling="snoozed"), "met", "firing", Event.FIRED, False),
        (State("error", last_acted=NOW - HOUR), "clear", "ok", Event.RESOLVED, False),
        (State("error", reason="down"), "clear", "ok", Event.RECOVERED, False),
    ],
)
def test_step(old, verdict, new, event, acts):
    transition = step(old, verdict, Timing(), NOW, "down")
    found = transition and (transition.new, transition.event, transition.acts)
    assert found == (new and (new, event, acts))


def test_the_same_failure_is_told_once_and_another_again():
    assert step(State("error", reason="down"), "failed", Timing(), NOW, "down") is None
    assert step(State("error", reason="down"), "failed", Timing(), NOW, "refused").reason == "refused"


def test_a_failure_that_only_counts_on_is_the_same():
    before = State("error", reason="timeout after 1203 ms of request 5f3a-77-beef at 10:05")
    assert step(before, "failed", Timing(), NOW, "timeout after 998 ms of request 11bc-dead-02 at 10:10") is None


@pytest.mark.parametrize(("policy", "new"), [("keep", None), ("fire", None), ("resolve", "no_data")])
def test_missing_data_while_firing(policy, new):
    transition = step(State("firing", last_acted=NOW), "missing", Timing(no_data_policy=policy), NOW)
    assert (transition and transition.new) == new


@given(
    st.sampled_from(Condition.values), st.sampled_from(Verdict.values), st.sampled_from(["keep", "fire", "resolve"]),
    st.none() | st.timedeltas(timedelta(0), 9 * HOUR), st.timedeltas(timedelta(0), 9 * HOUR),
)  # fmt: skip
def test_nothing_fires_for_missing_data_unless_the_rule_says_so(condition, verdict, policy, age, repeat):
    state = State(condition, last_acted=NOW - age if age is not None else None)
    transition = step(state, verdict, Timing(repeat, policy), NOW, "down")
    if transition and transition.acts:
        assert verdict == "met" or (verdict == "missing" and policy == "fire")
    if transition and transition.new == "firing":
        assert verdict == "met" or policy == "fire"
