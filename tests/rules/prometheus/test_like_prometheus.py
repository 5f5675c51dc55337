"""`pending_for` and `keep_firing_for` mean what Prometheus' `for` and `keep_firing_for` mean."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.engine.state_machine import step
from rules.engine.states import Observation, StateRecord, Timing
from tests.rules.prometheus.model import timeline

START = datetime(2026, 3, 2, tzinfo=UTC)
TICK = timedelta(minutes=5)
SAME = {"ok": "inactive", "pending": "pending", "firing": "firing", "recovering": "firing"}


def ours(values, hold, keep):
    # Prometheus knows no flapping; with a tick of no length, nothing changes too often.
    timing = Timing(pending_for=hold, keep_firing_for=keep, interval=timedelta(0))
    state, found = StateRecord(), []
    for at, true in values:
        transition = step(state, Observation("met" if true else "clear"), timing, at)
        state = transition.state if transition else state
        found.append((at, SAME[state.condition]))
    return found


durations = st.integers(0, 8).map(lambda n: n * TICK) | st.timedeltas(timedelta(0), 8 * TICK)
gaps = st.integers(1, 4).map(lambda n: n * TICK) | st.timedeltas(timedelta(seconds=1), 3 * TICK)


@given(st.lists(st.tuples(gaps, st.booleans()), max_size=60), durations, durations)
def test_the_same_timeline(steps, hold, keep):
    at, values = START, []
    for gap, true in steps:
        at += gap
        values.append((at, true))
    assert ours(values, hold, keep) == timeline(values, hold, keep)
