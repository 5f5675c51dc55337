"""What an optimization did to its metric, a day later; what made it worse is rolled back where the policy says so."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine

from optimizer import tasks
from optimizer.execution.runner import apply, roll_back
from optimizer.measurement.effect import due, measure
from optimizer.measurement.readings import observations, readings_of
from optimizer.measurement.scoreboard import of_operations
from optimizer.models import ActionLog, OptimizationEvent, OptimizerPolicy
from optimizer.policy.track_record import records_of_operations, track_records
from optimizer.significance import compare
from optimizer.tasks import measure_all
from optimizer.text.proposal import effect_in_words
from rules.models import ActivityEntry, Integration, MetricSample
from tests.optimizer.step_cast import DAY, MINUTE, approved, integration_of, interval, proposal_of, readings

HOT, COOL = [95.0, 96, 97, 96], [50.0, 51, 52, 50]


@pytest.fixture
def optimization(alice, ada, now):
    """Applied now, after some hot readings."""

    def applied(*steps, before=HOT, **fields):
        readings(alice, "cpu", before, now)
        other = integration_of(alice, f"kind {Integration.objects.count()}")
        return apply(approved(alice, ada, now, *(steps or [interval(other, 15)]), **fields).pk, now)

    return applied


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(HOT, COOL, "improved"), (COOL, HOT, "worse"), (HOT, HOT, "unchanged"), (HOT, COOL[:2], "too_little"),
     (HOT[:2], COOL, "too_little"), ([], [], "too_little")],
)  # fmt: skip
def test_the_verdict_is_kept_with_its_numbers_and_told(alice, now, optimization, before, after, verdict):
    event = optimization(before=before)
    readings(alice, "cpu", after, now + DAY / 2)
    assert measure(event, now + DAY) == verdict
    event.refresh_from_db()
    assert event.verdict == verdict
    assert (event.effect["before"], event.effect["after"]) == (before, after)
    assert event.effect["of_verdict"] == verdict
    assert ActivityEntry.objects.get(event_type="optimization_measured").context["verdict"] == verdict
    assert ActionLog.objects.filter(action_type="measure").count() == 1


def test_it_is_measured_once(alice, now, optimization):
    event = optimization()
    measure(event, now + DAY)
    measure(OptimizationEvent.objects.get(), now + 2 * DAY)
    assert ActivityEntry.objects.filter(event_type="optimization_measured").count() == 1


def test_the_readings_before_are_frozen(alice, now, optimization):
    event = optimization()
    MetricSample.objects.all().delete()
    readings(alice, "cpu", COOL, now + DAY / 2)
    assert measure(event, now + DAY) == "improved"


def test_only_the_day_after_counts(alice, now, optimization):
    event = optimization()
    readings(alice, "cpu", COOL, now + DAY / 2)
    readings(alice, "cpu", HOT * 20, now + 3 * DAY)
    assert measure(event, now + 4 * DAY) == "improved"


def test_it_is_due_when_its_day_is_over(now, optimization):
    event = optimization()
    assert due(now + DAY - MINUTE) == []
    assert due(now + DAY) == [event]


def test_without_a_metric_there_is_nothing_to_measure(now, optimization):
    optimization(metric="")
    assert due(now + 9 * DAY) == []


def test_what_was_rolled_back_is_not_measured(alice, ada, now, optimization):
    roll_back(optimization(interval(integration_of(alice), 9)), ada, now)
    assert due(now + DAY) == []


@pytest.mark.parametrize("undo", [True, False])
def test_what_made_it_worse_is_rolled_back_where_the_policy_says_so(alice, now, optimization, undo):
    OptimizerPolicy.objects.create(undo_worse=undo)
    event = optimization(interval(integration_of(alice), 9), before=COOL)
    readings(alice, "cpu", HOT, now + DAY / 2)
    assert measure_all(now + DAY) == 1
    event.refresh_from_db()
    assert (event.status, event.verdict) == ("rolled_back" if undo else "applied", "worse")
    assert event.decision_note == ("The metric became worse." if undo else "")


def test_what_made_it_worse_and_cannot_be_taken_back_says_why_it_stays(alice, now, optimization):
    OptimizerPolicy.objects.create(undo_worse=True)
    event = optimization(interval(integration_of(alice), 9), before=COOL)
    Integration.objects.update(config={"sync_interval_minutes": 60})
    readings(alice, "cpu", HOT, now + DAY / 2)
    measure_all(now + DAY)
    event.refresh_from_db()
    assert event.status == "applied"
    assert event.decision_note.startswith("The metric became worse, but the change was kept: Rollback failed.")


def test_built_in_metrics_hold_between_their_changes(alice, now):
    """They are kept where they change: what each tick read is counted."""
    for minutes, value in ((60, 100.0), (16, 25.0)):
        MetricSample.objects.push(user=alice, metric="integration_health", target="gmail", value=value,
                                    observed_at=now - minutes * MINUTE)  # fmt: skip
    found = readings_of(alice.pk, "integration_health", "gmail", now - 30 * MINUTE, now)
    assert found == [100, 100, 25, 25, 25, 25]  # at 25, 20, 15, 10 and 5 minutes before, and now


def test_readings_of_a_value_that_holds_are_one_observation_an_hour(settings):
    """Two hours at 25 and then a day at 100 is no proof: 24 and 288 readings, but two hourly values before."""
    before, after = [25.0] * 24, [100.0] * 288
    counted = partial(observations, "integration_health")
    assert (len(counted(before)), len(counted(after))) == (2, 24)
    assert compare(before, after, "<", 70).verdict == "improved"
    found = compare(before, after, "<", 70, counted)
    assert (found.verdict, found.before, found.after) == ("too_little", 25, 100)
    assert compare(before * 2, after, "<", 70, counted).verdict == "improved"
    assert observations("cpu", before) == before
    settings.EVALUATE_EVERY_SECONDS = 90 * 60
    assert counted(before) == before


def test_pushed_readings_are_counted_as_they_came(alice, now):
    readings(alice, "cpu", [1.0, 2, 3], now)
    assert readings_of(alice.pk, "cpu", "", now - timedelta(minutes=2), now) == [2, 3]


def test_where_the_person_has_none_the_platforms_are_meant(alice, bob, now):
    readings(None, "cpu", [7.0], now)
    readings(bob, "cpu", [8.0], now)
    assert readings_of(alice.pk, "cpu", "", now - DAY, now) == [7]
    assert readings_of(alice.pk, "cpu", "web-1", now - DAY, now) == [7]
    readings(alice, "cpu", [9.0], now)
    assert readings_of(alice.pk, "cpu", "", now - DAY, now) == [9]


def test_a_strategy_and_an_operation_earn_their_record(alice, ada, now):
    def one(verdict, by=ada, kind="refresh_data"):
        event = proposal_of(alice, now, kind, status="applied", applied=True, verdict=verdict, approved_by=by)
        event.steps.update(status="done")

    for verdict in ("improved", "improved", "unchanged", "worse", "too_little", ""):
        one(verdict)
    one("improved", by=None)
    one("improved", kind="adjust_weight")
    record = track_records()["general"]
    assert (record.improved, record.improved_by_hand, record.unchanged, record.worse) == (4, 3, 1, 1)
    assert record.rate == pytest.approx(4 / 6)
    assert {name: each.improved for name, each in records_of_operations().items()} == {
        "refresh_data": 3, "adjust_weight": 1,
    }  # fmt: skip


@pytest.mark.django_db
def test_the_clock_runs_all_of_it(alice, ada, now):
    """What is old expires, what is approved is applied, and what is over is measured."""
    old = proposal_of(alice, now - 2 * DAY, "analyze_slow_queries", target="old")
    ready = [approved(alice, ada, now, interval(integration_of(alice, str(n)), 15), target=str(n)) for n in range(3)]
    with time_machine.travel(now, tick=False):
        assert tasks.optimize() == 3
    old.refresh_from_db()
    assert old.status == "expired"
    with time_machine.travel(now + DAY, tick=False):
        assert tasks.optimize() == 0
    for event in ready:
        event.refresh_from_db()
        assert (event.status, event.verdict) == ("applied", "too_little")


@pytest.mark.parametrize("metric_got", ["better", "worse"])
def test_what_only_reads_or_notes_is_neither_measured_nor_called_improved(alice, now, optimization, metric_got):
    event = optimization("analyze_slow_queries", before=HOT if metric_got == "better" else COOL)
    readings(alice, "cpu", COOL if metric_got == "better" else HOT, now + DAY / 2)
    assert (event.status, event.measure_at, due(now + DAY)) == ("applied", None, [])
    assert effect_in_words(event) == "No changes, so no effect is measured."
    assert track_records() == {}


def test_beside_a_change_a_note_is_not_what_improved_it(alice, now, optimization):
    event = optimization("analyze_slow_queries", interval(integration_of(alice, "outlook"), 15))
    readings(alice, "cpu", COOL, now + DAY / 2)
    assert measure(event, now + DAY) == "improved"
    assert set(records_of_operations()) == {"adjust_sync_interval"}
    improved = {score.kind: score.improved for score in of_operations(OptimizationEvent.objects.all())}
    assert improved == {"adjust_sync_interval": 1, "analyze_slow_queries": 0}
