"""Windows over huge, tiny and odd numbers: no value and a reason, never an error; PostgreSQL and Python agree."""

import math
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.backtesting.inputs import watch_of
from rules.engine.numeric_range import TOO_FAR
from rules.engine.reducers import series_of
from rules.evaluation.dispatcher import dispatch
from rules.evaluation.preview import preview
from rules.models import ActivityEntry, AutomationRule, MetricSample, RuleState
from tests.examples import examples
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample

AREAS = ["avg", "sum", "stddev", "deriv", "predict_linear"]
ARITHMETIC = [*AREAS, "change", "percent_change", "rate", "increase", "quantile", "absent", "unusual"]
PARAMETERS = {"quantile": 0.3, "predict_linear": 600}
HUGE = [
    ("percent_change", [6.9e-310, 20.5]), ("avg", [1e154, -1e154]), ("sum", [1.2e308, 1.2e308]),
    ("change", [-1e308, 1e308]), ("max", [math.inf, 1.0]), ("min", [-math.inf, 1.0]),
]  # fmt: skip
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 5e-324, -5e-324, 1e-150, 1e150, 1.1e150, -1.7e308, 1.0, 20.5, 1e-200]),
)


@pytest.mark.parametrize(("reducer", "values"), HUGE)
def test_a_window_that_cannot_be_calculated_stops_only_its_own_rule_and_says_why(alice, bob, now, reducer, values):
    wrong = rule_of(alice, "cpu", ">", 0, "log", reducer=reducer, evaluation_window=minutes(30))
    right = rule_of(bob, "cpu", ">", 90, "log")
    for place, value in enumerate(values):
        sample(alice, value, now - minutes(10 - place))
    sample(bob, 95, now)
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.errors) == ("completed", 1, 1)
    state = RuleState.objects.get(rule=wrong)
    assert (state.condition, state.reason, state.value) == ("error", TOO_FAR, None)
    assert ActivityEntry.objects.get(rule=wrong).error_message == TOO_FAR
    assert RuleState.objects.get(rule=right).condition == "firing"


@pytest.mark.parametrize("metric", ["cpu", "fusion_score"])
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(numbers, min_size=1, max_size=4))
def test_postgresql_and_python_calculate_the_same(alice, now, metric, values):
    MetricSample.objects.all().delete()
    times = [now - minutes(5 * (len(values) - place)) for place in range(len(values))]
    for value, at in zip(values, times, strict=True):
        sample(alice, value, at, metric)
    for reducer in [*ARITHMETIC, "min", "max"]:
        rule = AutomationRule(
            user=alice, rule_name="r", metric_type=metric, condition_operator=">", threshold_value=5,
            action_type="log", reducer=reducer, evaluation_window=timedelta(hours=1),
            reducer_parameter=PARAMETERS.get(reducer),
        )  # fmt: skip
        seen, watched = preview(rule, now), watch_of(rule)
        series = series_of(list(zip(times, values, strict=True)), held=metric == "fusion_score")
        observed = watched.evaluate({(metric, ""): series}, {}, now)[0]
        same = observed.value == seen.value or math.isclose(observed.value, seen.value, rel_tol=1e-6, abs_tol=1e-100)
        if metric == "cpu" or reducer not in AREAS:  # areas of both signs cancel out, each in its own order
            assert (seen.verdict, seen.cause) == (observed.verdict, observed.cause), (reducer, values)
            scale = max(map(abs, values)) * 1e-9
            assert same or abs(observed.value - seen.value) <= scale, (reducer, values)
        assert (seen.value is None) == (observed.value is None)
