"""What a tick makes of failures, of the past, of odd readings and of what an ended one left behind."""

from datetime import timedelta

import pytest
from django.db import connection

from rules.actions import Log, Outcome
from rules.evaluation.dispatcher import dispatch
from rules.metrics import Query
from rules.metrics.fusion_score import FusionScoreSource
from rules.models import ActivityEntry, DispatchRun, FusionScore, RuleState
from tests.entries import change_entries
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample


class SaysTwice(FusionScoreSource):
    """A source with two readings of one person."""

    def readings(self, now):
        sql = """SELECT id AS user_id, '' AS target, value, %(now)s::timestamptz - value * interval '1s' AS observed_at
                   FROM smartagent_users, (VALUES (50.0), (40.0)) AS said (value)"""
        return Query(sql, {"now": now})


def events():
    return list(ActivityEntry.objects.order_by("created_at").values_list("event_type", flat=True))


def test_an_action_that_goes_on_failing_is_tried_ever_more_rarely(alice, now, settings):
    rule = rule_of(alice, "cpu", ">", 90, "alert")
    settings.RULES_ACTIONS = ["rules.actions.Log"]
    for tick in range(24):
        sample(alice, 95, now + minutes(5 * tick))
        dispatch(now + minutes(5 * tick), "command")
    assert events() == ["rule_fired", *["rule_retried"] * 4]  # after 5, 15, 35 and 70 minutes
    assert RuleState.objects.get().failures == 5
    rule.refresh_from_db()
    assert rule.trigger_count == 1


def test_a_repeat_that_fails_does_not_count_as_triggered_again(alice, now, settings):
    rule = rule_of(alice, "cpu", ">", 90, "alert", repeat_every=minutes(5))
    for tick, works in enumerate([True, False, False, True]):
        settings.RULES_ACTIONS = ["notifications.actions.Alert"] if works else ["rules.actions.Log"]
        sample(alice, 95, now + minutes(5 * tick))
        dispatch(now + minutes(5 * tick), "command")
    assert events() == ["rule_fired", "rule_repeated", "rule_retried"]
    rule.refresh_from_db()
    assert rule.trigger_count == 2


def test_an_evaluation_of_the_past_does_not_change_what_happened_since(alice, now):
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 50, now - minutes(30))
    sample(alice, 95, now)
    dispatch(now, "command")
    assert dispatch(now - minutes(20), "command").triggered == 0
    assert events() == ["rule_fired"]
    assert RuleState.objects.get().condition == "firing"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_reading(alice, now, value):
    rule_of(alice, "fusion_score", "<", 70, "alert")
    rule_of(alice, "fusion_score", ">", 70, "alert")
    FusionScore.objects.create(user=alice, fusion_score=50, calculated_at=now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fusion_scores SET fusion_score = %s::numeric", [value])
    run = dispatch(now, "command")
    assert (run.triggered, run.no_data, run.failed) == (0, 2, 0)


@pytest.mark.parametrize("threshold", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_threshold_that_nothing_can_be_compared_with_stops_only_its_own_rule(alice, now, threshold):
    rule_of(alice, "cpu", ">", 90, "alert")
    wrong = rule_of(alice, "cpu", "!=", 90, "alert")
    sample(alice, 95, now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE automation_rules SET threshold_value = %s::numeric WHERE id = %s", [threshold, wrong.pk])
    run = dispatch(now, "command")
    assert (run.triggered, run.succeeded, run.failed) == (1, 1, 0)


def test_a_source_that_gives_two_readings_of_one_instance_fires_once(alice, now, settings):
    settings.RULES_METRICS = [f"{__name__}.SaysTwice"]
    rule_of(alice, "fusion_score", "<", 70, "log")
    run = dispatch(now, "command")
    assert (run.triggered, run.succeeded) == (1, 1)
    assert ActivityEntry.objects.get().context["value"] == 40


def test_a_run_that_was_ended_from_outside_is_put_down_by_the_next(alice, now):
    ended = DispatchRun.objects.create(
        trigger="schedule", evaluated_at=now, started_at=now - timedelta(minutes=5), outcome="running"
    )
    dispatch(now, "command")
    ended.refresh_from_db()
    assert (ended.outcome, ended.error_message) == ("failed", "The run was interrupted.")
    assert ended.finished_at


def test_who_evaluates_only_their_own_rules_does_not_execute_those_of_others(alice, bob, now):
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    dispatch(now, "command")
    change_entries(ActivityEntry.objects, status="pending", executed_at=None)
    run = dispatch(now + minutes(1), "page", requested_by=bob.pk, owner=bob.pk)
    assert (run.succeeded, run.failed) == (0, 0)
    assert ActivityEntry.objects.pending().count() == 1


def test_pending_entries_of_another_application_are_left_alone(alice, now):
    rule = rule_of(alice, "cpu", ">", 90, "log")
    ActivityEntry.objects.create(user=alice, rule=rule, event_type="x", action_taken="log", status="pending")
    run = dispatch(now + timedelta(days=3650), "command")
    assert (run.outcome, run.succeeded, run.failed) == ("completed", 0, 0)
    assert ActivityEntry.objects.pending().count() == 1


@pytest.mark.parametrize("context", [{}, [], {"person": "somebody"}, {"person": 5}])
def test_an_entry_with_a_context_that_nobody_can_read_fails_alone(alice, now, context):
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    dispatch(now, "command")
    change_entries(ActivityEntry.objects, status="pending", executed_at=None, context=context)
    assert dispatch(now + minutes(1), "command").failed == 1
    assert "cannot be read" in ActivityEntry.objects.get().error_message


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": minutes(1)}])
def test_an_outcome_that_cannot_be_written_fails_alone(alice, now, settings, monkeypatch, detail):
    rule_of(alice, "cpu", ">", 90, "log")
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    monkeypatch.setattr(Log, "execute", lambda self, firings: [Outcome(detail) for _ in firings])
    run = dispatch(now, "command")
    assert (run.succeeded, run.failed) == (1, 1)


@pytest.mark.parametrize(("broken", "runs", "failed"), [(set(range(30)), 1 + 10, 30), ({3}, 1 + 30, 1)])
def test_an_action_that_is_broken_is_not_tried_for_every_firing(alice, now, monkeypatch, broken, runs, failed):
    for threshold in range(30):
        rule_of(alice, "cpu", ">", threshold, "log")
    sample(alice, 95, now)
    tried = []

    def execute(self, firings):
        tried.append(firings)
        if any(firing.threshold in broken for firing in firings):
            raise RuntimeError("out of paper")
        return [Outcome() for _ in firings]

    monkeypatch.setattr(Log, "execute", execute)
    run = dispatch(now, "command")
    assert (len(tried), run.failed, run.succeeded) == (runs, failed, 30 - failed)


def test_a_cause_with_a_nul_character_is_written(alice, now, monkeypatch):
    rule_of(alice, "fusion_score", ">", 90, "log")

    def fail(*_):
        raise RuntimeError("a\0b")

    monkeypatch.setattr(FusionScoreSource, "readings", fail)
    assert dispatch(now, "command").errors == 1
    assert ActivityEntry.objects.get().error_message == "RuntimeError: ab"


def test_nothing_stays_in_the_connection(alice, now):
    rule_of(alice, "cpu", ">", 90, "log")
    dispatch(now, "command")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'tick\\_%' AND relpersistence = 't'")
        assert cursor.fetchone() == (0,)
