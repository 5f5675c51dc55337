"""The distance from what is usual at this hour of the week."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.backtesting.chart_points import chart_of
from rules.backtesting.inputs import watch_of
from rules.backtesting.replay import replay
from rules.engine.reducers import series_of
from rules.engine.usual import usual
from rules.evaluation.preview import preview
from rules.models import AutomationRule, MetricSample
from tests.examples import examples
from tests.rules.backtesting.test_same_as_dispatch import steps_of, steps_of_dispatch
from tests.rules.evaluation.test_reach import numbers

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
MINUTE, WEEK = timedelta(minutes=1), timedelta(weeks=1)
FIELDS = {
    "rule_name": "unusual", "condition_operator": ">", "threshold_value": 3.00001, "action_type": "log",
    "reducer": "unusual",
}  # fmt: skip


def week_of(number, *values):
    """The readings of the hour of NOW, a number of weeks ago."""
    return [(NOW - number * WEEK - (30 - 10 * place) * MINUTE, value) for place, value in enumerate(values)]


PAST = [*week_of(3, 10.0, 12.0, 14.0), *week_of(2, 11.0, 12.0, 13.0), *week_of(1, 12.0, 12.0, 500.0)]


def test_usual_is_the_median_and_one_outlier_widens_it_little():
    found = usual(series_of(PAST), NOW)
    assert (found.median, found.deviation) == (12.0, 1.4826)
    assert found.distance(20.0) == pytest.approx(8 / 1.4826)
    assert found.distance(4.0) == found.distance(20.0)


@pytest.mark.parametrize(
    "past", [PAST[3:], [(at, 12.0) for at, _ in PAST], [(at + 2 * 30 * MINUTE, v) for at, v in PAST]]
)
def test_too_few_weeks_no_spread_and_another_hour_have_no_value(past):
    found = usual(series_of(past), NOW)
    assert found is None or found.distance(20.0) is None


@pytest.mark.django_db
@pytest.mark.parametrize("metric", ["cpu", "fusion_score"])
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weeks=st.lists(st.lists(numbers | st.integers(0, 9).map(float), max_size=3), min_size=4, max_size=4), newest=numbers
)
def test_postgresql_and_python_find_the_same_distance(alice, metric, weeks, newest):
    samples = [pair for number, values in zip((4, 3, 2, 1), weeks, strict=True) for pair in week_of(number, *values)]
    samples.append((NOW - 5 * MINUTE, newest))
    MetricSample.objects.all().delete()
    MetricSample.objects.push_all({"user": alice, "metric": metric, "value": v, "observed_at": at} for at, v in samples)
    rule = AutomationRule(user=alice, metric_type=metric, **FIELDS)
    seen = preview(rule, NOW)
    series = series_of(samples, held=metric == "fusion_score")
    observed = watch_of(rule).evaluate({(metric, ""): series}, {}, NOW)[0]
    assert (seen.verdict, seen.cause) == (observed.verdict, observed.cause)
    assert seen.value == (None if observed.value is None else pytest.approx(observed.value))


@pytest.mark.django_db
def test_a_backtest_takes_the_steps_of_the_dispatcher(alice):
    rule = AutomationRule.objects.create(user=alice, metric_type="cpu", **FIELDS)
    now = [(NOW + number * 5 * MINUTE - MINUTE, value) for number, value in enumerate([12.0, 13.0, 25.0, 25.0, 12.0])]
    MetricSample.objects.push_all(
        {"user": alice, "metric": "cpu", "value": value, "observed_at": at} for at, value in [*PAST, *now]
    )
    replayed = steps_of(replay(rule, NOW - MINUTE, NOW + 25 * MINUTE))
    assert [replayed] == steps_of_dispatch([rule], [NOW + number * 5 * MINUTE for number in range(6)])
    assert [step[1] for step in replayed] == ["rule_fired", "rule_resolved"]


@pytest.mark.django_db
def test_the_chart_has_the_readings_and_what_is_usual_in_each_hour(alice):
    MetricSample.objects.push_all(
        {"user": alice, "metric": "cpu", "value": value, "observed_at": at} for at, value in [*PAST, (NOW, 25.0)]
    )
    rule = AutomationRule(user=alice, metric_type="cpu", **FIELDS)
    chart = chart_of(watch_of(rule), alice.pk, NOW - 40 * MINUTE, NOW)
    assert chart.points == [(NOW, 25.0)]
    assert [point[1:] for point in chart.usual] == [(None, None), (12.0, 1.4826), (12.0, 1.4826)]
