"""A backtest of a rule on series and the dispatcher take the same steps, for each series and each group."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.backtesting import group_chart, instances
from rules.backtesting.chart_points import chart_of_instance
from rules.backtesting.explanation import explain
from rules.backtesting.replay import replay
from rules.backtesting.trial import try_out
from rules.engine.numeric_range import TOO_FAR
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, MetricSample
from tests.examples import examples
from tests.rules.backtesting.test_same_as_dispatch import START, TICK, digits, rules
from tests.rules.evaluation.test_series import on_load, push, run, states

# 12 is too far to be added: groups have an error then.
values = st.lists(st.none() | st.integers(0, 12).map(lambda n: 1e200 if n == 12 else float(n)), max_size=13)
SERIES = [{"host": host, "disk": disk} for host in "ab" for disk in "xy"]
MODES = [
    {"series_mode": "each"},
    {"series_mode": "each", "matchers": ['host=~"a.*"']},
    {"series_mode": "by", "group_by": ["host"], "series_aggregate": "sum"},
    {"series_mode": "by", "group_by": ["host"], "series_aggregate": "max", "matchers": ['disk!="y"']},
    {"series_mode": "by", "group_by": ["disk"], "series_aggregate": "count"},
    {"series_mode": "by", "group_by": ["disk"], "series_aggregate": "avg"},
]


def of_dispatch(rule):
    return sorted(
        (entry.context["target"], entry.created_at, entry.event_type, entry.context["to"],
         digits(entry.context["value"]))
        for entry in ActivityEntry.objects.filter(rule=rule).exclude(context__target="")
    )  # fmt: skip


def of_backtest(rule, end):
    return sorted(
        (made.target, made.at, str(made.transition.event), str(made.transition.new), digits(made.value))
        for made in replay(rule, START, end).transitions
    )


@pytest.mark.django_db
@settings(max_examples=examples(2), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=rules(), cpu=st.lists(values, min_size=4, max_size=4), memory=st.lists(values, min_size=4, max_size=4))
def test_the_same_steps(alice, fields, cpu, memory):
    with transaction.atomic():
        made = [
            AutomationRule.objects.create(
                user=alice, rule_name="r", metric_type="cpu", action_type="log", **fields | mode
            )
            for mode in MODES
        ]
        MetricSample.objects.push_all(
            {
                "user": alice if number % 2 else None, "metric": metric, "value": value, "labels": labels,
                "observed_at": START + n * TICK - timedelta(minutes=1),
            }
            for metric, every in (("cpu", cpu), ("memory", memory))
            for number, (labels, series) in enumerate(zip(SERIES, every, strict=True))
            for n, value in enumerate(series, 1)
            if value is not None
        )  # fmt: skip
        moments = [START + n * TICK for n in range(1, 19)]
        for at in moments:
            dispatch(at, "command")
        for rule in made:
            assert of_backtest(rule, moments[-1]) == of_dispatch(rule), rule.series_mode
        transaction.set_rollback(True)


def test_the_chart_shows_the_series_that_fires_most(alice, now):
    for minutes in range(0, 60, 5):
        push(now, {"host=a": 5, "host=b": 95 if minutes % 20 else 5}, ago=timedelta(minutes=minutes))
    trial = try_out(on_load(alice), 1, now, everybody=True)
    assert trial.label.endswith('{host="b"}')
    assert "1 of 2 series" in trial.sentence
    assert {period.target for period in trial.periods} == {'{host="b"}'}
    assert max(value for _, value in trial.points) == 95


def test_more_series_than_can_be_aggregated_are_refused_and_charted_at_fewer_evaluations(alice, now, monkeypatch):
    push(now, {"host=a": 95, "host=b": 5})
    rule = on_load(alice, series_mode="by", series_aggregate="sum")
    monkeypatch.setattr(instances, "MAX_AGGREGATED", 100)
    assert replay(rule, now - timedelta(hours=4), now).fired == 1
    with pytest.raises(ValueError, match=r"2 series at 288 evaluations .* at most 50 evaluations"):
        replay(rule, now - timedelta(days=1), now)
    whole = chart_of_instance(rule, alice.pk, "", now - timedelta(hours=4), now + timedelta(hours=1))
    monkeypatch.setattr(group_chart, "MAX_AGGREGATED_OF_CHART", 61)
    part = chart_of_instance(rule, alice.pk, "", now - timedelta(hours=4), now + timedelta(hours=1))
    assert (len(whole.points), len(part.points)) == (13, 6)
    assert {value for _, value in whole.points + part.points} == {100}
    assert (whole.note, part.note) == ("", "Drawn at 30 of 60 evaluations, which are evenly spread.")


def test_why_explains_one_series(alice, now):
    push(now, {"host=a": 95, "host=b": 5})
    rule = on_load(alice)
    run(now)
    assert explain(rule, alice.pk, now, '{host="a"}').verdict == "met"
    assert explain(rule, alice.pk, now, '{host="b"}').verdict == "clear"
    with pytest.raises(ValueError, match="no series"):
        explain(rule, alice.pk, now, '{host="c"}')


def test_why_refuses_a_group_of_too_many_series_in_words_of_its_own(alice, now, monkeypatch):
    push(now, {"host=a": 95, "host=b": 5})
    monkeypatch.setattr(instances, "MAX_AGGREGATED", 100)
    with pytest.raises(ValueError, match=r"This group has 2 series, .* The activity log has what was decided"):
        explain(on_load(alice, series_mode="by", series_aggregate="sum"), alice.pk, now)


@pytest.mark.parametrize("aggregate", ["sum", "max"])
def test_a_reading_too_far_to_be_added_is_an_error_of_its_group_alone(alice, now, aggregate):
    push(now, {"host=a": 1e200, "host=b": 5})
    each = on_load(alice)
    group = on_load(alice, series_mode="by", series_aggregate=aggregate)
    run(now)
    assert states(each) == {'{host="a"}': "firing"}
    assert states(group) == {"": "error"}
    why = explain(group, alice.pk, now)
    assert (why.verdict, why.observed[0].cause) == ("failed", TOO_FAR)
    assert [str(made.transition.new) for made in replay(group, now - 4 * TICK, now).transitions] == ["no_data", "error"]
