"""What was approved is done, step by step; what may pass is tried again; what cannot is a failure with its cause."""

from datetime import timedelta

import pytest
from django.db import connections
from werkzeug import Response

from optimizer.execution.runner import apply, work
from optimizer.models import ActionLog, OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.operations import Operation
from optimizer.proposals.decisions import DecisionRefused
from rules.models import ActivityEntry, AuditEvent, Integration
from tests.optimizer.step_cast import MINUTE, approved, integration_of, interval, proposal_of, readings

PROBE, ABSENT = "retry_connection", "validate_credentials"


def steps_of(event):
    return list(event.steps.order_by("position").values_list("operation", "status"))


def results(event):
    return [step.result or step.error for step in event.steps.order_by("position")]


def minutes_of(integration):
    integration.refresh_from_db()
    return integration.config.get("sync_interval_minutes")


@pytest.fixture
def broken(platform, gmail, alice, now, at_gmail):
    """An integration in error whose address for credentials is not there."""
    at_gmail.config |= {"probe_url": f"{platform.address}/gmail/nothing"}
    at_gmail.status = "error"
    at_gmail.save()
    return at_gmail


def test_steps_are_done_in_their_order(alice, ada, at_gmail, platform, now):
    event = approved(alice, ada, now, ("refresh_oauth_token", {}, at_gmail), (PROBE, {}, at_gmail),
                     ("refresh_data", {}, at_gmail), interval(at_gmail, 9))  # fmt: skip
    done = apply(event.pk, now + MINUTE)
    assert (done.status, done.applied, done.applied_at, done.leased_until) == ("applied", True, now + MINUTE, None)
    assert platform.platform.asked == ["POST /gmail/oauth/token", "GET /gmail/health", "POST /gmail/refresh"]
    assert {status for _, status in steps_of(event)} == {"done"}
    assert minutes_of(at_gmail) == 9
    assert results(event)[3] == "gmail now synchronises every 9 minutes, before: 15."


def test_everything_is_written_down(alice, ada, now):
    one = integration_of(alice)
    event = approved(alice, ada, now, interval(one, 9), "analyze_slow_queries")
    apply(event.pk, now + MINUTE)
    entries = ActivityEntry.objects.order_by("created_at").values_list("event_type", "status", "context__by_name")
    assert list(entries) == [
        ("optimization_approved", "success", "Ada"),
        ("optimization_applied", "success", "The policy"),
    ]
    logged = ActionLog.objects.order_by("created_at", "action_type").values_list("action_type", "status")
    assert list(logged) == [("approve", "completed"), ("adjust_sync_interval", "completed"),
                            ("analyze_slow_queries", "completed")]  # fmt: skip


def test_the_readings_of_the_day_before_are_put_down(alice, ada, now):
    readings(alice, "cpu", [95, 96, 97], now)
    event = approved(alice, ada, now, interval(integration_of(alice), 9))
    done = apply(event.pk, now)
    assert done.effect == {"before": [95, 96, 97]}
    assert done.measure_at == now + timedelta(hours=24)


@pytest.mark.parametrize("status", ["proposed", "dismissed", "failed", "rolled_back", "expired", "applied"])
def test_only_what_is_approved_is_applied(alice, now, status):
    one = integration_of(alice)
    event = proposal_of(alice, now, interval(one, 9), status=status, applied=status == "applied")
    with pytest.raises(DecisionRefused, match="The optimization is not approved, or is already being applied"):
        apply(event.pk, now)
    assert work(now) == 0
    assert minutes_of(one) is None


def test_it_is_applied_once(alice, ada, at_gmail, gmail, now):
    event = approved(alice, ada, now, ("refresh_data", {}, at_gmail))
    apply(event.pk, now)
    with pytest.raises(DecisionRefused):
        apply(event.pk, now)
    assert gmail.refreshes == 1


def test_a_failure_takes_back_what_was_done_and_skips_what_follows(alice, ada, broken, platform, now):
    event = approved(alice, ada, now, interval(broken, 9), (PROBE, {}, broken), (ABSENT, {}, broken),
                     ("refresh_data", {}, broken))  # fmt: skip
    failed = apply(event.pk, now)
    assert failed.status == "failed"
    assert failed.error_message == "Check credentials: gmail answered 404 (Not Found)."
    assert [status for _, status in steps_of(event)] == ["undone", "undone", "failed", "skipped"]
    assert results(event)[3] == "An earlier step failed."
    assert minutes_of(broken) == 15
    assert broken.status == "error"
    assert "POST /gmail/refresh" not in platform.platform.asked
    entry = ActivityEntry.objects.get(event_type="optimization_failed")
    assert (entry.status, entry.error_message) == ("failed", failed.error_message)


def test_or_keeps_it_where_the_policy_says_so(alice, ada, broken, now):
    OptimizerPolicy.objects.create(on_failure="keep")
    event = approved(alice, ada, now, interval(broken, 9), (ABSENT, {}, broken))
    assert apply(event.pk, now).status == "failed"
    assert [status for _, status in steps_of(event)] == ["done", "failed"]
    assert minutes_of(broken) == 9


def test_what_cannot_be_taken_back_stays_done(alice, ada, broken, gmail, now):
    event = approved(alice, ada, now, ("refresh_data", {}, broken), interval(broken, 9), (ABSENT, {}, broken))
    apply(event.pk, now)
    assert [status for _, status in steps_of(event)] == ["done", "undone", "failed"]


@pytest.mark.django_db(transaction=True)
def test_what_somebody_changed_meanwhile_is_not_taken_back_and_that_is_said(alice, ada, httpserver, loopback, now):
    config = {"probe_url": httpserver.url_for("/me")}
    one = integration_of(alice, config=config, credentials={"access_token": "t"})

    def change(request):
        Integration.objects.update(config=config | {"sync_interval_minutes": 60})
        connections.close_all()
        return Response("", status=404)

    httpserver.expect_request("/me").respond_with_handler(change)
    event = approved(alice, ada, now, interval(one, 9), (ABSENT, {}, one))
    failed = apply(event.pk, now)
    assert failed.error_message == (
        "Check credentials: gmail answered 404 (Not Found). Earlier operations could not be rolled back: "
        "The interval was changed to 60 since then, so it is kept."
    )
    assert minutes_of(one) == 60
    assert [status for _, status in steps_of(event)] == ["done", "failed"]


def test_what_may_pass_is_tried_again_after_a_pause(alice, ada, at_gmail, gmail, now):
    gmail.broke("health")
    event = approved(alice, ada, now, interval(at_gmail, 9), (PROBE, {}, at_gmail))
    first = apply(event.pk, now)
    assert (first.status, first.leased_until) == ("applying", now + timedelta(seconds=30))
    assert steps_of(event) == [("adjust_sync_interval", "done"), (PROBE, "proposed")]
    assert results(event)[1] == "gmail answered 503 (Service Unavailable)."
    with pytest.raises(DecisionRefused):
        apply(event.pk, now + timedelta(seconds=29))
    gmail.healed()
    assert work(now + timedelta(seconds=30)) == 1
    assert event.steps.get(operation=PROBE).attempt_count == 2
    assert OptimizationEvent.objects.get().status == "applied"
    assert event.steps.get(operation=PROBE).error == ""


def test_three_times_and_then_it_has_failed(alice, ada, at_gmail, gmail, platform, now):
    gmail.broke("health")
    event = approved(alice, ada, now, interval(at_gmail, 9), (PROBE, {}, at_gmail))
    apply(event.pk, now)
    second = apply(event.pk, now + timedelta(seconds=30))
    assert second.leased_until == now + timedelta(seconds=90)
    third = apply(event.pk, now + timedelta(seconds=90))
    assert third.status == "failed"
    assert third.error_message == "Retry connection: gmail answered 503 (Service Unavailable)."
    assert platform.platform.asked == ["GET /gmail/health"] * 3
    assert minutes_of(at_gmail) == 15
    attempts = ActionLog.objects.filter(action_type=PROBE).order_by("created_at")
    assert [each.action_details["try"] for each in attempts] == [1, 2, 3]
    assert work(now + timedelta(hours=1)) == 0


def test_nobody_at_the_other_end_is_tried_again_and_a_private_address_is_not(alice, ada, now, settings):
    one = integration_of(alice, config={"health_url": "http://127.0.0.1:9/"})
    event = approved(alice, ada, now, (PROBE, {}, one))
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    assert apply(event.pk, now).status == "applying"
    settings.OUTBOUND_ALLOWED = []
    failed = apply(event.pk, now + MINUTE)
    assert failed.status == "failed"
    assert "private network" in failed.error_message


def test_what_was_changed_after_the_approval_is_not_applied(alice, ada, now):
    one = integration_of(alice)
    event = approved(alice, ada, now, interval(one, 9))
    OptimizationStep.objects.update(parameters={"minutes": 1})
    with pytest.raises(DecisionRefused, match="The optimization changed after approval"):
        apply(event.pk, now)
    event.refresh_from_db()
    assert (event.status, event.error_message) == (
        "failed",
        "The optimization changed after approval, so it was not applied.",
    )
    assert minutes_of(one) is None
    assert ActivityEntry.objects.filter(event_type="optimization_failed").count() == 1


@pytest.mark.parametrize("change", [{"operation": "analyze_slow_queries"}, {"integration": None}, {"position": 9}])
def test_so_is_another_operation_or_another_place_but_not_another_word(alice, ada, now, change):
    event = approved(alice, ada, now, interval(integration_of(alice), 9), "analyze_slow_queries")
    OptimizationStep.objects.update(reason="Other words.", expected="Nothing.")
    OptimizationStep.objects.filter(position=1).update(**change)
    with pytest.raises(DecisionRefused, match="changed after approval"):
        apply(event.pk, now)


def test_never_two_at_once_on_one_target(alice, ada, now):
    proposal_of(alice, now, "analyze_slow_queries", status="applying", target="gmail", leased_until=now + MINUTE)
    event = approved(alice, ada, now, "analyze_slow_queries", target="gmail")
    other = approved(alice, ada, now, "analyze_slow_queries", target="slack")
    with pytest.raises(DecisionRefused, match="Another optimization is being applied to the same target"):
        apply(event.pk, now)
    assert apply(other.pk, now).status == "applied"


def test_nor_on_one_integration_whatever_their_targets_are_called(alice, bob, ada, now):
    one, two = integration_of(alice), integration_of(alice, "slack")
    proposal_of(alice, now, interval(one, 5), status="applying", target="gmail", leased_until=now + MINUTE)
    with pytest.raises(DecisionRefused, match="the same target"):
        apply(approved(alice, ada, now, interval(one, 9), target="other").pk, now)
    assert apply(approved(alice, ada, now, interval(two, 9), target="other").pk, now).status == "applied"
    assert apply(approved(bob, ada, now, "analyze_slow_queries", target="gmail").pk, now).status == "applied"


def test_nothing_is_applied_where_everything_is_stopped(alice, ada, now):
    event = approved(alice, ada, now, "analyze_slow_queries")
    OptimizerPolicy.objects.create(stopped=True)
    with pytest.raises(DecisionRefused, match="The optimizer is stopped"):
        apply(event.pk, now)
    assert work(now) == 0


def test_an_operation_that_is_not_installed_any_more_is_a_failure_that_says_so(alice, ada, now, settings):
    event = approved(alice, ada, now, "call_engine")
    settings.OPTIMIZER_OPERATIONS = [path for path in settings.OPTIMIZER_OPERATIONS if "call_engine" not in path]
    assert apply(event.pk, now).error_message == "call_engine: Operation “call_engine” is not installed."


class Faulty(Operation):
    """An operation of somebody who has not thought of everything."""

    kind = "faulty"
    label = "Faulty"

    def apply(self, task, reached):
        AuditEvent.objects.create(user_id=task.person, event_type="half_done")
        return {}["secret-key"]


def test_an_operation_that_has_a_fault_is_a_failure_and_stops_nothing_else(alice, ada, now, settings):
    settings.OPTIMIZER_OPERATIONS = [*settings.OPTIMIZER_OPERATIONS, f"{__name__}.Faulty"]
    one = integration_of(alice)
    wrong = approved(alice, ada, now, "faulty", target="a")
    right = approved(alice, ada, now, interval(one, 7), target="b")
    assert work(now) == 2
    for event in (wrong, right):
        event.refresh_from_db()
    assert (wrong.status, wrong.error_message) == ("failed", "Faulty: KeyError in faulty.")
    assert not AuditEvent.objects.exists()
    assert (right.status, minutes_of(one)) == ("applied", 7)


def test_what_is_gone_is_said_to_be(alice, now):
    key = proposal_of(alice, now).pk
    OptimizationEvent.objects.all().delete()
    with pytest.raises(DecisionRefused, match="The optimization was deleted"):
        apply(key, now)
