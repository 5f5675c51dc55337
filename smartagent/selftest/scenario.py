"""Test rules with the actions alert, notify and optimize, each evaluated by the dispatcher that evaluates all rules.

All of it happens in one transaction that is rolled back: nobody is notified, nothing is counted and nothing stays. What
the alert would send to the test channels is rendered before, and sent by `transport` after it.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from notifications.delivery.attempt import Call, render
from notifications.delivery.pipeline import DELIVERY_LEASE
from notifications.delivery.queue import lease_one
from notifications.models import Channel, Delivery, Notification
from optimizer.models import OptimizationEvent
from rules.evaluation.dispatcher import EVALUATION_LOCK
from rules.evaluation.process_metrics import rehearsal
from rules.models import ActivityEntry, AutomationRule, MetricSample, RuleState
from smartagent.kernel.own_session import own_session
from smartagent.models import User
from smartagent.selftest.stage import Stage, StageFailed, StageSkipped, timed
from smartagent.verification.evaluations import (
    DISPATCHER_TIMEOUT,
    DispatcherBusy,
    evaluate_rules_of,
    rule_of,
    somebody,
)

METRIC, TITLE = "smartagent_self_test", "[TEST] Self-test of Smart Agent"
MESSAGE = "The self-test sent this to a test channel. Nothing is firing."
ACTIONS = ("alert", "notify", "optimize")


def try_actions(channels: Sequence[Channel], now: datetime) -> tuple[list[Stage], list[Call]]:
    """The results of the actions, and the calls that send the alert to `channels`."""
    calls: list[Call] = []
    with own_session(), _no_other_evaluation(), rehearsal(), transaction.atomic():
        try:
            person = _tester(now)
            stages = [
                timed("alert", lambda: calls.extend(_alert(person, channels, now))),
                timed("notify", lambda: _notify(person, now)),
                timed("optimize", lambda: _optimize(person, now)),
            ]
        finally:
            transaction.set_rollback(True)
    return stages, calls


@contextmanager
def _no_other_evaluation() -> Iterator[None]:
    """Hold the lock of evaluations, which a session may take again: one that began meanwhile would wait for rows of
    the transaction, which in turn would wait for it. DispatcherBusy where another does not end."""
    until = time.monotonic() + DISPATCHER_TIMEOUT
    with connection.cursor() as cursor:
        while not _one(cursor, "SELECT pg_try_advisory_lock(%s)"):
            if time.monotonic() > until:
                raise DispatcherBusy
            time.sleep(0.5)
        try:
            yield
        finally:
            _one(cursor, "SELECT pg_advisory_unlock(%s)")


def _one(cursor: Any, question: str) -> bool:
    cursor.execute(question, [EVALUATION_LOCK])
    return bool(cursor.fetchone()[0])


def _tester(now: datetime) -> User:
    """A person who is there until the transaction ends, with readings that fire the rules."""
    person = somebody("Self-test")
    User.objects.filter(pk=person.pk).update(is_superuser=True)  # who may name channels of others
    before = now - timedelta(minutes=1)
    MetricSample.objects.push(user=person, metric=METRIC, value=1, observed_at=before)
    OptimizationEvent.objects.create(
        user=person, source_event_type="self_test", optimization_action="pre_tune", efficiency_index=60,
        status=OptimizationEvent.Status.APPLIED, applied=True, created_at=before,
    )  # fmt: skip
    return person


@transaction.atomic
def _alert(person: User, channels: Sequence[Channel], now: datetime) -> list[Call]:
    named = [f"channel:{channel.user.email}/{channel.name}" for channel in channels]
    options = {"title": TITLE, "message": MESSAGE, "recipients": ["owner", *named]}
    rule = rule_of(person, METRIC, ">", 0, "alert", severity="low", action_config=options)
    _fire(rule, person, now)
    deliveries = Delivery.objects.filter(rule=rule, channel__in=[channel.pk for channel in channels])
    if len(found := list(deliveries.values_list("pk", flat=True))) < len(channels):
        raise StageFailed(f"The alert has {len(found)} deliveries; {len(channels)} were expected.")
    Delivery.objects.filter(pk__in=found).update(reason=Delivery.Reason.TEST)
    leases = [leased for key in found if (leased := lease_one(key, now, DELIVERY_LEASE))]
    calls, unwritten = render(leases)
    if unwritten:
        raise StageFailed(unwritten[0].error)
    page = f"{settings.SITE_URL}/reliability/"  # what the alert is about is gone when it arrives
    return [replace(call, message=replace(call.message, url=page, unsubscribe_url="")) for call in calls]


@transaction.atomic
def _notify(person: User, now: datetime) -> None:
    options = {"title": TITLE, "message": MESSAGE}
    rule = rule_of(person, METRIC, ">", 0, "notify", severity="low", action_config=options)
    _fire(rule, person, now)


@transaction.atomic
def _optimize(person: User, now: datetime) -> None:
    options = {"optimization_type": "manual"}
    rule = rule_of(person, "efficiency_index", "<", 80, "optimize", action_config=options)
    _fire(rule, person, now)
    event = OptimizationEvent.objects.filter(rule=rule).first()
    if event is None or event.status != OptimizationEvent.Status.PROPOSED or not event.recommended_actions:
        raise StageFailed("No optimization was proposed.")


def _fire(rule: AutomationRule, person: User, now: datetime) -> None:
    """Evaluate the rule, which must fire and act once, and check constraints that are deferred."""
    run = evaluate_rules_of(person, now)
    entries = list(ActivityEntry.objects.filter(rule=rule))
    fired = [entry for entry in entries if entry.event_type == "rule_fired"]
    if RuleState.objects.filter(rule=rule, silence__isnull=False).exists():
        raise StageSkipped("A silence covers all rules.")
    if len(fired) != 1 or fired[0].status != ActivityEntry.Status.SUCCESS:
        found = "; ".join(entry.error_message or entry.event_type for entry in entries)
        raise StageFailed(found or run.error_message or "The rule did not fire.")
    if rule.action_type != "optimize" and Notification.objects.filter(rule=rule, user=person).count() != 1:
        raise StageFailed("No notification is in the inbox.")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    AutomationRule.objects.filter(pk=rule.pk).update(status="paused")  # the next stage evaluates its own
