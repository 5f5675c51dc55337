"""A backtest of roll-ups finds what one of the readings finds, wherever it is made of roll-ups."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.template.loader import render_to_string
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules.backtesting import replay as replaying
from rules.backtesting import rolled_replay, rolled_series
from rules.backtesting.replay import replay
from rules.backtesting.trial import try_out
from rules.models import AutomationRule, MetricSample
from rules.storage.rollups import roll_up
from tests.api import Program
from tests.examples import examples
from tests.rules.backtesting.test_same_as_dispatch import START, TICK, rules
from tests.rules.rule_cast import rule_of

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
END = START + 10 * HOUR
EVERYONE = {"applies_to": "everyone", "more_conditions": [], "evaluation_window": timedelta(0), "reducer": "last"}
MODES = [
    {}, EVERYONE, EVERYONE | {"no_data_policy": "fire"}, {"series_mode": "each"},
    {"series_mode": "each", "reducer": "sum", "evaluation_window": 3 * TICK},
    {"series_mode": "by", "series_aggregate": "sum", "group_by": []},
]  # fmt: skip
# 0.1 + 0.2 + 0.3 is more than 0.6 when it is added from left to right, and 0.6 from right to left.
EXACTLY = {"reducer": "avg", "evaluation_window": 2 * TICK, "threshold_value": 0.2, "condition_operator": ">="}
# Tenths cannot be added exactly; readings on an edge of a period, and some that are just too old at an evaluation.
values = st.integers(0, 100).map(lambda n: n / 10)
gaps = st.sampled_from([1, 15, 60, 119, 300, 301, 1799, 1800, 1801, 2100])
samples = st.lists(st.tuples(gaps, values), max_size=40)


@pytest.fixture
def either_way(monkeypatch):
    """What a rule does from roll-ups, and from readings; also of short periods."""
    monkeypatch.setattr(rolled_replay, "FEW_DAYS", timedelta(0))

    def of(rule, person=None):
        found = replay(rule, START, END, person)
        with monkeypatch.context() as patch:
            patch.setattr(replaying, "is_rollable", lambda *_, **__: False)
            read = replay(rule, START, END, person)
        return found, read

    return of


def facts(found):
    return [
        (made.at, made.person, made.target, made.transition, pytest.approx(made.value)) for made in found.transitions
    ], (found.fired, found.notified, found.people, found.evaluated)


@pytest.mark.django_db
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules(), st.sampled_from(MODES), samples, samples, st.lists(st.tuples(st.integers(0, 36000), values), max_size=3)
)
@example(EXACTLY, {}, [(598, 0.1), (1, 0.2), (1, 0.3)] * 12, [], [])
@example(EXACTLY, {}, [(598, 0.3), (1, 0.2), (1, 0.1)] * 12, [], [])
@example(EXACTLY, {"series_mode": "each"}, [(119, 0.2)] * 40, [], [(700, 0.3)])
def test_the_same_from_roll_ups(alice, bob, either_way, fields, mode, cpu, memory, late):
    with transaction.atomic():
        rule = AutomationRule.objects.create(
            user=alice, rule_name="any", metric_type="cpu", action_type="log", **fields | mode
        )
        push(bob if mode.get("applies_to") else alice, "cpu", cpu)
        push(alice, "memory", memory)
        roll_up(END - timedelta(hours=2))
        push(alice, "cpu", late, START)
        found, read = either_way(rule)
        transaction.set_rollback(True)
    assert facts(found) == facts(read)
    if rule.reducer in rolled_series.ROLLED_REDUCERS and not mode.get("group_by"):
        assert found.of_rollups or rule.series_mode == "by"


def push(user, metric, pairs, since=None):
    """Readings that follow each other, or each after `since`."""
    at, made = START - 2 * timedelta(hours=1), []
    for seconds, value in pairs:
        at = (since or at) + seconds * SECOND
        made.append({"user": user, "metric": metric, "value": value, "observed_at": at, "labels": {"host": "a"}})
        made.append({"user": user, "metric": metric, "value": value, "observed_at": at})
    MetricSample.objects.push_all(made)


def test_too_many_sums_near_a_threshold_are_those_of_the_readings(alice, either_way, monkeypatch):
    monkeypatch.setattr(rolled_series, "MAX_WINDOWS_READ", 3)
    rule = rule_of(alice, metric_type="cpu", **EXACTLY)
    push(alice, "cpu", [(598, 0.1), (1, 0.2), (1, 0.3)] * 40)
    roll_up(END)
    found, read = either_way(rule)
    assert facts(found) == facts(read)
    assert not found.of_rollups


def test_a_trial_says_what_it_was_computed_from_and_what_cannot_be_computed_any_more(alice, now, time_machine):
    time_machine.move_to(now, tick=False)
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    MetricSample.objects.push_all(
        {"user": alice, "metric": "cpu", "value": 95.0 if hours % 24 == 5 else 5.0, "observed_at": now - HOUR * hours}
        for hours in range(6 * 24)
    )
    roll_up(now)
    before = Program(alice).post(f"rules/{rule.pk}/trial/", {"days": 7})
    assert (before["fired"], before["computed_from"], before["dropped_until"]) == (6, "rollups_5m", None)
    assert Program(alice).post(f"rules/{rule.pk}/trial/", {"days": 1})["computed_from"] == "samples"
    kept = now - 72 * HOUR
    with connection.cursor() as cursor:
        for table, column in (("metric_samples", "observed_at"), ("metric_rollups_5m", "ended_at")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} < %s", [kept])
    trial = try_out(rule, 7, now, everybody=True)
    assert (trial.counted.fired, trial.dropped_until) == (3, kept)
    each = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90, series_mode="each")
    assert try_out(each, 7, now, everybody=True).dropped_until == kept
    page = " ".join(render_to_string("rules/_trial.html", {"trial": trial}).split())
    assert "are no longer kept (SAMPLES_KEEP_DAYS), only their roll-ups of hours and days" in page
    assert "Computed from roll-ups of 5 minutes, with the same result as from the readings." in page
