"""A backtest and the dispatcher, tick by tick over the same readings, take the same steps."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules.backtesting import rolled_replay
from rules.backtesting.observations import watch
from rules.backtesting.replay import replay
from rules.backtesting.simulation import play
from rules.engine.state_machine import acted, step
from rules.engine.states import StateRecord
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, MetricSample, Silence
from rules.storage.rollups import roll_up
from tests.examples import examples

START = datetime(2026, 3, 2, tzinfo=UTC)
TICK = timedelta(minutes=5)
STEPS = ("at", "event", "from", "to", "acts", "value")

few = st.integers(0, 4).map(lambda n: n * TICK)
values = st.integers(0, 10).map(float)
BELOW = {
    "condition_operator": "<", "threshold_value": 2, "recovery_threshold": None, "critical_threshold": None,
    "pending_for": timedelta(0), "keep_firing_for": timedelta(0), "repeat_every": 2 * TICK,
    "no_data_policy": "keep",
}  # fmt: skip
dozen = st.integers(0, 12)
EXACT = ["avg", "min", "max", "sum", "count", "change", "percent_change", "absent", "increase", "quantile"]
# Those whose last digit may differ have thresholds between what they can be: by how much to multiply, and to add.
ROUNDED = {"rate": (1e-3, 1e-7), "deriv": (1e-3, 1e-7), "predict_linear": (1.0, 1e-4), "stddev": (0.5, 1e-4)}
PARAMETERS = {"quantile": 0.5, "predict_linear": 1200}


@st.composite
def rules(draw):
    reducer = draw(st.sampled_from(["last", "last", *EXACT, *ROUNDED]))
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
    threshold = draw(st.integers(2, 8))
    way = {"<": 1, "<=": 1, ">": -1, ">=": -1}.get(operator, 0)
    other = {"metric": "memory", "operator": draw(st.sampled_from(["<", ">"])), "threshold": draw(st.integers(2, 8))}
    factor, beside = ROUNDED.get(reducer, (1, 0))
    threshold, way = threshold * factor + beside, way * factor
    return {
        "condition_operator": operator, "threshold_value": threshold, "reducer": reducer,
        "reducer_parameter": PARAMETERS.get(reducer),
        "evaluation_window": TICK * draw(st.integers(1, 5)) if reducer != "last" else timedelta(0),
        "recovery_threshold": threshold + 2 * way if way and draw(st.booleans()) else None,
        "critical_threshold": threshold - 2 * way if way and draw(st.booleans()) else None,
        "pending_for": draw(few), "keep_firing_for": draw(few),
        "repeat_every": draw(st.sampled_from([timedelta(0), 2 * TICK, timedelta(hours=4)])),
        "no_data_policy": draw(st.sampled_from(["keep", "fire", "resolve"])),
        "match": draw(st.sampled_from(["all", "any"])), "more_conditions": draw(st.sampled_from([[], [other]])),
    }  # fmt: skip


def steps_of_dispatch(rules, moments):
    """Of each rule; all are evaluated in the same runs."""
    for at in moments:
        dispatch(at, "command")
    return [
        [(entry.created_at, entry.event_type, entry.context["from"], entry.context["to"],
          entry.action_taken != "none" and entry.status != "skipped", digits(entry.context["value"]))
         for entry in ActivityEntry.objects.filter(rule=rule).order_by("created_at")]
        for rule in rules
    ]  # fmt: skip


def digits(value):
    """Without the last digits, which PostgreSQL may round otherwise."""
    return None if value is None else float(f"{value:.9g}")


several = st.lists(rules(), min_size=1, max_size=6)  # at once: the runs take the time, not the rules
readings = st.lists(st.none() | values, min_size=1, max_size=15)


def rules_of(alice, several, **same):
    return [
        AutomationRule.objects.create(
            user=alice, rule_name=f"rule {number}", metric_type="cpu", action_type="log", **fields | same
        )
        for number, fields in enumerate(several)
    ]


def steps_of(replayed):
    return [
        (made.at, str(made.transition.event), str(made.transition.old), str(made.transition.new),
         made.transition.acts, digits(made.value))
        for made in replayed.transitions
    ]  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=examples(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several, readings, readings, st.lists(st.tuples(dozen, dozen), max_size=3))
def test_the_same_steps(alice, several, cpu, memory, silences):
    """`None` is a reading that did not come; half an hour later the one before is too old. Silences follow each other,
    overlap or touch; what is skipped has not acted. From roll-ups the steps are the same."""
    with transaction.atomic():
        rules = rules_of(alice, several)
        MetricSample.objects.push_all(
            {"user": alice, "metric": metric, "value": value, "observed_at": START + n * TICK - timedelta(minutes=1)}
            for metric, series in (("cpu", cpu), ("memory", memory))
            for n, value in enumerate(series, 1)
            if value is not None
        )
        for number, (begin, length) in enumerate(silences):
            starts = START + begin * TICK
            Silence.objects.create(
                metric="cpu", comment=str(number), starts_at=starts, ends_at=starts + (length + 1) * TICK, user=alice
            )
        moments = [START + n * TICK for n in range(1, 21)]
        replayed = [steps_of(replay(rule, START, moments[-1])) for rule in rules]
        assert replayed == steps_of_dispatch(rules, moments)
        roll_up(moments[-1])
        with patch.object(rolled_replay, "FEW_DAYS", timedelta(0)):
            assert [steps_of(replay(rule, START, moments[-1])) for rule in rules] == replayed
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_built_in_metric_from_the_changes_that_are_kept(alice):
    from rules.models import FusionScore

    rule = AutomationRule.objects.create(
        user=alice, rule_name="low", metric_type="fusion_score", condition_operator="<", threshold_value=70,
        action_type="log", reducer="avg", evaluation_window=4 * TICK,
    )  # fmt: skip
    scores = [90, 90, 60, 60, 60, 60, 60, 80, 90, 90, 90, 90]
    moments = [START + n * TICK for n in range(1, len(scores) + 1)]
    for at, score in zip(moments, scores, strict=True):
        FusionScore.objects.create(user=alice, fusion_score=score, calculated_at=at)
    (dispatched,) = steps_of_dispatch([rule], moments)
    replayed = steps_of(replay(rule, START, moments[-1]))
    assert [step[:5] for step in replayed] == [step[:5] for step in dispatched]
    assert [step[5] for step in replayed] == pytest.approx([step[5] for step in dispatched])
    assert [step[1] for step in replayed] == ["rule_fired", "rule_resolved"]


# -- clocks jump, also back ------------------------------------------------------------------------------


@pytest.mark.django_db
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules(), st.lists(values, min_size=4, max_size=20), st.lists(st.integers(-3, 9), min_size=4, max_size=14))
def test_a_clock_that_jumps_leads_dispatcher_and_machine_the_same_way(alice, fields, cpu, jumps):
    """Minutes from one tick to the next, on no grid, some of them back: each tick steps from where the last has led."""
    from rules.backtesting.inputs import timing_of, watch_of
    from rules.engine.reducers import series_of

    samples = [(START + n * timedelta(minutes=4), value) for n, value in enumerate(cpu)]
    moments = [START + timedelta(minutes=10 + sum(jumps[: n + 1])) for n in range(len(jumps))]
    with transaction.atomic():
        rule = AutomationRule.objects.create(
            user=alice, rule_name="any", metric_type="cpu", action_type="log", **fields | {"more_conditions": []}
        )
        MetricSample.objects.push_all(
            {"user": alice, "metric": "cpu", "value": value, "observed_at": at} for at, value in samples
        )
        watched, timing, own = watch_of(rule), timing_of(rule), {("cpu", ""): series_of(samples)}
        state, expected = StateRecord(), []
        for at in moments:
            transition = step(state, watched.combine_results(watched.evaluate(own, {}, at)), timing, at)
            if transition:
                expected.append((str(transition.event), str(transition.new), transition.acts))
                state = acted(transition.state, at) if transition.acts else transition.state
        found = []
        for at in moments:
            run = dispatch(at, "command", rule=rule.pk)
            found += [
                (entry.event_type, entry.context["to"], entry.action_taken != "none")
                for entry in ActivityEntry.objects.filter(rule=rule, run=run.pk)
            ]
        assert found == expected
        transaction.set_rollback(True)


# -- only some ticks are looked at; all of them say the same ---------------------------------------------


@given(rules(), st.lists(st.none() | values, max_size=60), st.lists(st.integers(0, 59), unique=True, max_size=20))
def test_looking_at_every_tick_finds_no_more(fields, series, left_out):
    """Also where ticks did not come: a dispatcher that was away, or a clock that jumped."""
    from rules.backtesting.inputs import timing_of, watch_of
    from rules.engine.reducers import series_of

    rule = AutomationRule(rule_name="any", metric_type="cpu", action_type="log", **fields)
    moments = [START + n * TICK for n in range(60) if n not in left_out]
    own = {("cpu", ""): series_of([(START + n * TICK, v) for n, v in enumerate(series) if v is not None])}
    watched, timing = watch_of(rule), timing_of(rule)
    state, found = StateRecord(), []
    for at in moments:
        transition = step(state, watched.combine_results(watched.evaluate(own, {}, at)), timing, at)
        if transition:
            found.append((at, transition))
            state = acted(transition.state, at) if transition.acts else transition.state
    assert [(made.at, made.transition) for made in play(watch(watched, own, {}, moments), moments, timing)] == found


# -- the fast path of many people ------------------------------------------------------------------------


@pytest.mark.django_db
@settings(max_examples=examples(7), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules(), st.lists(st.tuples(values, st.sampled_from([1, 1, 1, 3, 400])), max_size=30), st.booleans())
@example(BELOW, [(0.0, 1), (0.0, 400)], False)  # readings far apart: two runs
def test_the_runs_that_postgresql_finds_fire_like_the_readings(alice, bob, fields, series, many):
    from rules.backtesting import sql_replay

    fields |= {"reducer": "last", "evaluation_window": timedelta(0), "more_conditions": []}
    fields["no_data_policy"] = "keep" if fields["no_data_policy"] == "fire" else fields["no_data_policy"]
    rule = AutomationRule(
        user=alice, rule_name="any", metric_type="cpu", action_type="log", applies_to="everyone", **fields
    )
    at, samples = START, []
    for value, gap in series:
        at += gap * TICK
        samples.append({"user": bob, "metric": "cpu", "value": value, "observed_at": at})
    with transaction.atomic():
        MetricSample.objects.push_all(samples)
        end = at + 2 * timedelta(days=1)
        before, sql_replay.SPARSE = sql_replay.SPARSE, 0.0 if many else 2.0
        try:
            fast = replay(rule, START, end)
        finally:
            sql_replay.SPARSE = before
        slow = replay(rule, START, end, bob.pk)
        transaction.set_rollback(True)
    assert (fast.fired, fast.notified) == (slow.fired, slow.notified)
    assert [(p.start, p.end) for p in fast.periods] == [(p.start, p.end) for p in slow.periods]
    assert connection.in_atomic_block  # the test's own
