"""A tick from readings to outcomes, on real tables."""

from datetime import timedelta

from notifications.models import Notification
from optimizer.models import ActionLog, OptimizationEvent
from rules.evaluation.dispatcher import dispatch
from rules.metrics.fusion_score import FusionScoreSource
from rules.models import ActivityEntry, AuditEvent, AutomationRule, DispatchRun, FusionScore, MetricSample, RuleState


def rule_of(user, metric, operator, threshold, action, **fields):
    return AutomationRule.objects.create(
        user=user, rule_name=f"{metric} {operator} {threshold}", metric_type=metric, condition_operator=operator,
        threshold_value=threshold, action_type=action, **fields,
    )  # fmt: skip


def sample(user, value, at, metric="cpu"):
    return MetricSample.objects.push(user=user, metric=metric, value=value, observed_at=at)


def minutes(count):
    return timedelta(minutes=count)


class BrokenSource(FusionScoreSource):
    def readings(self, now):
        raise ConnectionError("the score table is on fire")


def test_the_three_classical_rules_fire_once_each_and_act(alice, now):
    FusionScore.objects.create(user=alice, fusion_score=60, calculated_at=now - minutes(1))
    for _ in range(4):
        AuditEvent.objects.create(user=alice, event_type="sync", severity="error", created_at=now - minutes(2))
    OptimizationEvent.objects.create(
        user=alice, source_event_type="manual", optimization_action="pre_tune", efficiency_index=75,
        status="applied", created_at=now - minutes(3),
    )  # fmt: skip
    rule_of(alice, "fusion_score", "<", 70, "alert", severity="high")
    rule_of(alice, "anomaly_count", ">", 3, "notify")
    rule_of(alice, "efficiency_index", "<", 80, "optimize")

    first = dispatch(now, "command")
    second = dispatch(now + minutes(5), "command")

    assert (first.rules_evaluated, first.triggered, first.succeeded, first.failed) == (3, 3, 3, 0)
    assert (second.triggered, second.succeeded) == (0, 0)
    assert sorted(Notification.objects.values_list("type", "user")) == [
        ("alert", alice.pk), ("notify", alice.pk), ("notify", alice.pk),  # the last: an optimization is proposed
    ]  # fmt: skip
    proposal = OptimizationEvent.objects.get(status="proposed")
    assert (proposal.strategy, proposal.user) == ("efficiency_boost", alice)
    assert ActionLog.objects.get().event == proposal
    assert set(ActivityEntry.objects.values_list("event_type", "status")) == {("rule_fired", "success")}
    assert set(AutomationRule.objects.values_list("trigger_count", flat=True)) == {1}


def test_nothing_fires_without_data(alice, now):
    rule_of(alice, "fusion_score", "<", 70, "alert")
    rule_of(alice, "cpu", "<", 70, "alert")
    run = dispatch(now, "command")
    assert (run.triggered, run.no_data) == (0, 2)
    assert set(RuleState.objects.values_list("condition", flat=True)) == {"no_data"}
    assert dispatch(now + minutes(5), "command").no_data == 0


def test_it_fires_repeats_resolves_and_fires_again(alice, now):
    rule_of(alice, "cpu", ">", 90, "log", repeat_every=minutes(10))
    for at, value in enumerate([95, 95, 95, 50, 95]):
        sample(alice, value, now + minutes(5 * at))
        dispatch(now + minutes(5 * at), "command")
    events = ActivityEntry.objects.order_by("created_at").values_list("event_type", flat=True)
    assert list(events) == ["rule_fired", "rule_repeated", "rule_resolved", "rule_fired"]
    assert RuleState.objects.get().episode == 2


def test_a_source_that_raises_puts_its_rules_in_error_and_the_rest_goes_on(alice, now, settings):
    rule_of(alice, "fusion_score", "<", 70, "alert")
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    settings.RULES_METRICS = [f"{__name__}.BrokenSource", *settings.RULES_METRICS[1:]]
    run = dispatch(now, "command")
    assert (run.errors, run.triggered, run.succeeded) == (1, 1, 1)
    failed = ActivityEntry.objects.get(status="failed")
    assert failed.error_message == "ConnectionError: the score table is on fire"


def test_an_action_that_raises_is_recorded_and_tried_again(alice, now, settings):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    settings.RULES_ACTIONS = ["rules.actions.Log"]
    assert dispatch(now, "command").failed == 1
    assert "Unknown action 'alert'" in ActivityEntry.objects.get().error_message
    settings.RULES_ACTIONS = ["notifications.actions.Alert"]
    assert dispatch(now + minutes(5), "command").succeeded == 1
    assert Notification.objects.count() == 1


def test_a_rule_on_everyone_tells_its_owner_whom_it_concerns(alice, bob, olga, now):
    rule_of(olga, "cpu", ">", 90, "alert", applies_to="everyone")
    sample(bob, 95, now)
    sample(alice, 20, now)
    dispatch(now, "command")
    notification = Notification.objects.get()
    assert notification.user == olga
    assert "of Bob is 95: above 90" in notification.message


def test_a_platform_wide_reading_stands_in_for_those_without_their_own(alice, bob, now):
    for person in (alice, bob):
        rule_of(person, "cpu", ">", 90, "log")
    sample(None, 95, now)
    sample(alice, 10, now)
    dispatch(now, "command")
    assert ActivityEntry.objects.get(event_type="rule_fired").user == bob


def test_what_the_optimizer_wrote_itself_is_not_read_back(alice, now):
    rule_of(alice, "efficiency_index", "<", 80, "optimize")
    OptimizationEvent.objects.create(
        user=alice, source_event_type="smart_agent_efficiency_index", optimization_action="auto",
        efficiency_index=10, created_at=now - minutes(1),
    )  # fmt: skip
    assert dispatch(now, "command").no_data == 1


def test_only_the_rules_of_one_person(alice, bob, now):
    for person in (alice, bob):
        rule_of(person, "cpu", ">", 90, "log")
        sample(person, 95, now)
    run = dispatch(now, "page", owner=alice.pk)
    assert (run.rules_evaluated, run.triggered) == (1, 1)
    assert ActivityEntry.objects.get().user == alice


def test_changes_of_built_in_metrics_are_kept_as_history(alice, now):
    for at, score in enumerate([60, 60, 65]):
        FusionScore.objects.create(user=alice, fusion_score=score, calculated_at=now + minutes(at * 5))
        dispatch(now + minutes(at * 5), "command")
    kept = MetricSample.objects.filter(series__metric="fusion_score").order_by("observed_at")
    assert list(kept.values_list("value", flat=True)) == [60, 65]


def test_an_overlapping_tick_is_recorded_and_does_nothing(another_dispatcher, now):
    run = dispatch(now, "schedule")
    assert run.outcome == DispatchRun.Outcome.OVERLAPPED
    assert DispatchRun.objects.get().outcome == DispatchRun.Outcome.OVERLAPPED
