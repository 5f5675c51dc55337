"""The state machine as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.state_machine import DRAFT_REASON, acted, step
from rules.engine.states import Event, InstanceState, Observation, StateRecord, Timing, Verdict

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE, TICK, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)


def at(condition: str, **fields) -> StateRecord:
    """An instance that came there five minutes ago; where it fires, since yesterday."""
    fires = {"fired_at": NOW - DAY, "episode": 3} if condition in ("firing", "recovering") else {}
    return StateRecord(**{"condition": condition, "since": NOW - TICK} | fires | fields)


def take(state: StateRecord, verdict: str, now: datetime = NOW, *, critical=False, silence="", cause="down", **timing):
    silenced_by = f"Silenced by “{silence}”" if silence else ""
    return step(state, Observation(verdict, cause, critical, silence, silenced_by), Timing(**timing), now)


FIRING, RECOVERING = at("firing", last_acted=NOW), at("recovering", last_acted=NOW)
LONG_AGO = NOW - 9 * HOUR
INTERRUPTED = at("error", fired_at=NOW - DAY, last_acted=NOW - HOUR, episode=3)


@pytest.mark.parametrize(
    ("old", "verdict", "new", "event", "acts"),
    [
        (StateRecord(), "met", "firing", Event.FIRED, True),
        (StateRecord(), "clear", None, None, None),
        (StateRecord(), "held", None, None, None),  # it never fired, so there is nothing to hold
        (StateRecord(), "missing", "no_data", Event.NO_DATA, False),
        (StateRecord(), "failed", "error", Event.ERROR, False),
        (FIRING, "met", None, None, None),  # not due yet
        (FIRING, "held", None, None, None),
        (at("firing", last_acted=NOW - 4 * HOUR), "met", "firing", Event.REPEATED, True),
        (at("firing", last_acted=NOW - 4 * HOUR), "held", "firing", Event.REPEATED, True),
        (at("firing"), "met", "firing", Event.REPEATED, True),  # it was opened again, and has not acted since
        (at("firing", retry_at=NOW), "met", "firing", Event.RETRIED, True),
        (at("firing", retry_at=NOW + HOUR), "met", None, None, None),  # the next try is not due yet
        (at("firing", last_acted=LONG_AGO, retry_at=NOW + HOUR), "met", None, None, None),
        (at("firing", last_acted=LONG_AGO, retry_at=NOW), "met", "firing", Event.RETRIED, True),
        (at("firing", last_acted=LONG_AGO, handling="acknowledged"), "met", None, None, None),
        (FIRING, "clear", "ok", Event.RESOLVED, False),
        (FIRING, "missing", None, None, None),  # keeps firing
        (at("firing", last_acted=LONG_AGO), "missing", "firing", Event.REPEATED, True),  # and all that belongs to that
        (at("no_data"), "missing", None, None, None),
        (at("no_data"), "met", "firing", Event.FIRED, True),
        (at("no_data"), "clear", "ok", Event.RECOVERED, False),
        (INTERRUPTED, "met", "firing", Event.FIRED, False),  # the same episode goes on
        (INTERRUPTED, "missing", "firing", Event.FIRED, False),
        (replace(INTERRUPTED, last_acted=LONG_AGO), "met", "firing", Event.FIRED, True),  # it is due
        (replace(INTERRUPTED, last_acted=None), "met", "firing", Event.FIRED, True),  # it never acted
        (replace(INTERRUPTED, last_acted=LONG_AGO, handling="snoozed"), "met", "firing", Event.FIRED, False),
        (INTERRUPTED, "clear", "ok", Event.RESOLVED, False),
        (at("error", reason="down"), "clear", "ok", Event.RECOVERED, False),
        (at("error", reason="down"), "met", "firing", Event.FIRED, True),
    ],
)
def test_step(old, verdict, new, event, acts):
    transition = take(old, verdict)
    found = transition and (transition.new, transition.event, transition.acts)
    assert found == (new and (new, event, acts))


@pytest.mark.parametrize(
    ("old", "verdict", "ago", "timing", "new", "event"),
    [
        ("ok", "met", 0, {"pending_for": 3 * TICK}, "pending", Event.PENDING),
        ("pending", "met", 10, {"pending_for": 3 * TICK}, None, None),  # not held long enough
        ("pending", "met", 15, {"pending_for": 3 * TICK}, "firing", Event.FIRED),
        ("pending", "clear", 10, {"pending_for": 3 * TICK}, "ok", Event.UNPENDING),
        ("pending", "held", 10, {"pending_for": 3 * TICK}, "ok", Event.UNPENDING),
        ("pending", "missing", 10, {"pending_for": 3 * TICK}, "no_data", Event.NO_DATA),
        ("pending", "failed", 10, {"pending_for": 3 * TICK}, "error", Event.ERROR),
        ("pending", "missing", 15, {"pending_for": 3 * TICK, "no_data_policy": "fire"}, "firing", Event.FIRED),
        ("pending", "met", 0, {}, "firing", Event.FIRED),  # the rule has been changed meanwhile
        ("firing", "clear", 60, {"keep_firing_for": 2 * TICK}, "recovering", Event.RECOVERING),
        ("recovering", "clear", 5, {"keep_firing_for": 2 * TICK}, None, None),
        ("recovering", "clear", 10, {"keep_firing_for": 2 * TICK}, "ok", Event.RESOLVED),
        ("recovering", "met", 5, {"keep_firing_for": 2 * TICK}, "firing", Event.RELAPSED),
        ("recovering", "held", 5, {"keep_firing_for": 2 * TICK}, "firing", Event.RELAPSED),
        ("recovering", "missing", 60, {"keep_firing_for": 2 * TICK}, None, None),  # only a reading resolves
        ("recovering", "failed", 5, {"keep_firing_for": 2 * TICK}, "error", Event.ERROR),
        ("firing", "missing", 60, {"no_data_policy": "resolve"}, "no_data", Event.RESOLVED),
        ("firing", "missing", 60, {"no_data_policy": "resolve", "keep_firing_for": TICK}, "recovering",
         Event.RECOVERING),
        ("recovering", "missing", 5, {"no_data_policy": "resolve", "keep_firing_for": TICK}, "no_data",
         Event.RESOLVED),
        ("ok", "missing", 5, {"no_data_policy": "fire"}, "firing", Event.FIRED),
        ("no_data", "missing", 5, {"no_data_policy": "fire", "pending_for": TICK}, "pending", Event.PENDING),
        ("firing", "failed", 5, {"error_policy": "keep"}, "error", Event.ERROR),
        ("firing", "failed", 5, {"error_policy": "fire"}, None, None),
        ("ok", "failed", 5, {"error_policy": "fire"}, "firing", Event.FIRED),
        ("firing", "failed", 5, {"error_policy": "resolve"}, "error", Event.RESOLVED),
        ("ok", "failed", 5, {"error_policy": "resolve"}, "error", Event.ERROR),
    ],
)  # fmt: skip
def test_step_in_time(old, verdict, ago, timing, new, event):
    state = at(old, since=NOW - ago * MINUTE, last_acted=NOW if old in ("firing", "recovering") else None)
    transition = take(state, verdict, **timing)
    assert (transition and (transition.new, transition.event)) == (new and (new, event))


# -- clocks that jump ------------------------------------------------------------------------------------


def test_an_evaluation_that_comes_late_changes_nothing_that_is_further_in_time():
    assert take(at("firing", since=NOW + MINUTE), "clear") is None
    assert take(at("firing", last_acted=NOW + 60 * MINUTE), "clear") is None


def test_the_same_failure_is_told_once_and_another_again():
    assert take(at("error", reason="down"), "failed", cause="down") is None
    assert take(at("error", reason="down"), "failed", cause="refused").reason == "refused"


def test_a_failure_that_only_counts_on_is_the_same():
    before = at("error", reason="timeout after 1203 ms of request 5f3a-77-beef at 10:05")
    assert take(before, "failed", cause="timeout after 998 ms of request 11bc-dead-02 at 10:10") is None


# -- handling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handling", ["acknowledged", "snoozed"])
def test_what_is_handled_is_told_again_when_that_runs_out(handling):
    waits = at("firing", last_acted=LONG_AGO, handling=handling, handled_until=NOW)
    assert take(waits, "met", NOW - TICK) is None
    reminded = take(waits, "met")
    assert (reminded.event, reminded.acts, reminded.counts) == (Event.REMINDED, True, True)
    assert (reminded.state.handling, reminded.state.handled_until) == ("open", None)
    assert take(waits, "clear").state.handling == "open"  # what has resolved is not told


def test_an_error_that_ends_after_the_acknowledgement_ran_out_is_told():
    waited = replace(INTERRUPTED, handling="acknowledged", handled_until=NOW - HOUR)
    assert take(waited, "met").acts
    assert not take(replace(waited, handled_until=NOW + HOUR), "met").acts


# -- two levels ------------------------------------------------------------------------------------------


def test_what_becomes_critical_is_told_at_once_also_where_it_is_acknowledged():
    escalated = take(
        at("firing", last_acted=NOW, handling="acknowledged", handled_until=NOW + DAY), "met", critical=True
    )
    assert (escalated.event, escalated.acts, escalated.state.critical) == (Event.ESCALATED, True, True)
    assert escalated.state.handling == "open"
    assert take(acted(escalated.state, NOW), "met", NOW + TICK) is None  # the higher level stays for the episode
    assert not take(escalated.state, "clear").state.critical


def test_what_comes_critical_fires_once():
    fired = take(StateRecord(), "met", critical=True)
    assert (fired.event, fired.state.critical) == (Event.FIRED, True)
    assert take(acted(fired.state, NOW), "met", NOW + TICK, critical=True) is None


# -- silences --------------------------------------------------------------------------------------------


def test_what_fires_under_a_silence_is_told_when_that_is_over():
    fired = take(StateRecord(), "met", silence="upgrade")
    assert (fired.event, fired.acts, fired.quiet) == (Event.FIRED, False, "Silenced by “upgrade”")
    assert take(fired.state, "met", NOW + 9 * HOUR, silence="upgrade") is None
    step = take(fired.state, "met", NOW + 9 * HOUR)
    assert (step.event, step.acts, step.counts) == (Event.UNSILENCED, True, True)
    assert take(fired.state, "clear", silence="upgrade").event == Event.RESOLVED


def test_what_fires_already_says_that_it_is_silenced_and_is_told_at_its_end_though_no_repeat_is_due():
    silenced = take(FIRING, "met", silence="upgrade")
    assert (silenced.event, silenced.acts, silenced.quiet) == (Event.SILENCED, False, "Silenced by “upgrade”")
    assert take(silenced.state, "met", NOW + TICK).event == Event.UNSILENCED
    assert take(silenced.state, "missing", NOW + TICK).event == Event.UNSILENCED  # it still fires


def test_the_end_of_a_silence_tells_nothing_that_is_acknowledged():
    waits = at("firing", last_acted=NOW, silence="upgrade", handling="acknowledged", handled_until=NOW + DAY)
    over = take(waits, "met")
    assert (over.event, over.acts, over.state.silence) == (Event.UNSILENCED, False, "")


def test_what_falls_back_after_a_silence_is_told():
    relapsed = take(at("recovering", silence="upgrade", last_acted=NOW), "met", keep_firing_for=HOUR)
    assert (relapsed.event, relapsed.acts) == (Event.RELAPSED, True)


def test_an_acknowledgement_that_runs_out_under_a_silence_is_told_after_it():
    waits = at("firing", last_acted=NOW, silence="upgrade", handling="acknowledged", handled_until=NOW)
    reminded = take(waits, "met", silence="upgrade")
    assert (reminded.acts, reminded.state.handling) == (False, "open")
    assert take(reminded.state, "met", NOW + TICK).acts


# -- drafts, resolved notices ------------------------------------------------------------------------------


def test_a_draft_takes_its_steps_and_never_acts():
    fired = take(StateRecord(), "met", draft=True)
    assert (fired.new, fired.acts, fired.counts, fired.quiet) == ("firing", False, False, DRAFT_REASON)
    assert take(fired.state, "met", NOW + DAY, draft=True) is None
    assert take(fired.state, "clear", NOW + DAY, draft=True).new == "ok"


def test_that_it_has_resolved_is_told_once_where_the_rule_says_so_and_it_was_told_that_it_fired():
    assert take(FIRING, "clear", notifies_resolved=True).acts
    assert not take(at("firing"), "clear", notifies_resolved=True).acts
    assert not take(FIRING, "clear", notifies_resolved=True, silence="upgrade").acts


# -- flapping ----------------------------------------------------------------------------------------------


def play(verdicts: str) -> tuple[StateRecord, list[str]]:
    """Step through verdicts, `m` met and `c` clear, a tick each; every action succeeds."""
    state, events = StateRecord(), []
    for n, letter in enumerate(verdicts):
        transition = take(state, {"m": "met", "c": "clear"}[letter], NOW + n * TICK)
        if transition:
            events.append(str(transition.event) + ("!" if transition.acts else ""))
            state = acted(transition.state, NOW + n * TICK) if transition.acts else transition.state
    return state, events


def test_what_changes_more_than_six_times_in_21_ticks_is_held_open_with_one_notice():
    state, events = play("mc" * 10)
    assert events[:6] == ["rule_fired!", "rule_resolved"] * 3
    assert events[6] == "rule_flapping!"
    assert events[7:] == ["rule_recovering", "rule_relapsed"] * 6 + ["rule_recovering"]
    assert state.flapping
    assert state.episode == 4


def test_it_resolves_when_it_has_calmed_down():
    state, events = play("mc" * 10 + "c" * 40)
    assert (state.condition, state.flapping) == ("ok", False)
    assert events.count("rule_resolved") == 4


def test_what_fires_steadily_after_flapping_resolves_like_any_other():
    state, _ = play("mc" * 4 + "m" * 60 + "c")
    assert (state.condition, state.flapping) == ("ok", False)


@given(st.text(alphabet="mc", max_size=120))
def test_a_flapping_instance_acts_seldom(verdicts):
    _, events = play(verdicts)
    acts = [n for n, event in enumerate(events) if event.endswith("!")]
    assert len(acts) <= 4 + len(verdicts) // 3
    assert all(events[n].startswith(("rule_fired", "rule_flapping", "rule_repeated")) for n in acts)


# -- what always holds -------------------------------------------------------------------------------------


@given(
    st.sampled_from(InstanceState.values), st.sampled_from(Verdict.values),
    st.sampled_from(["keep", "fire", "resolve"]),
    st.sampled_from(["keep", "fire", "resolve"]), st.none() | st.timedeltas(timedelta(0), 9 * HOUR),
    st.timedeltas(timedelta(0), 9 * HOUR),
)  # fmt: skip
def test_nothing_begins_to_fire_for_missing_data_unless_the_rule_says_so(
    condition, verdict, policy, errors, age, repeat
):
    state = at(condition, last_acted=NOW - age if age is not None else None)
    transition = take(state, verdict, repeat_every=repeat, no_data_policy=policy, error_policy=errors)
    if transition and (transition.acts or transition.new == "firing") and not state.fires:
        fires = {"met": True, "missing": policy == "fire", "failed": errors == "fire"}
        assert fires.get(verdict, False)
