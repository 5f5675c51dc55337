"""A person with bad readings, the three classical rules, two that must stay silent, and two ticks five minutes apart.

All of it happens in one transaction that is rolled back, whatever happens: nobody else ever sees it, and nothing stays.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from notifications.models import Notification
from optimizer.models import ActionLog, OptimizationEvent
from rules.dispatcher import dispatch
from rules.models import ActivityEntry, AuditEvent, AutomationRule, DispatchRun, FusionScore
from smartagent.models import User

PATIENCE = 30  # seconds to wait for another dispatcher to end
TICK = timedelta(minutes=5)
RULES = (
    ("fusion_score", "<", 70, "alert"),
    ("anomaly_count", ">", 3, "notify"),
    ("efficiency_index", "<", 80, "optimize"),
)
SILENT_RULES = (("fusion_score", "<", 10, "alert"), ("verify_without_data", "<", 70, "alert"))


@dataclass(slots=True)
class Evidence:
    """What the scenario found in the tables after the two ticks."""

    person: User
    rules: list[AutomationRule]
    silent: list[AutomationRule]
    first: DispatchRun
    second: DispatchRun
    entries: list[ActivityEntry] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    optimizations: list[OptimizationEvent] = field(default_factory=list)
    action_logs: list[ActionLog] = field(default_factory=list)


class DispatcherBusy(Exception):
    """Another evaluation has been running all the time. Try again when it has ended."""

    def __str__(self) -> str:
        return str(self.__doc__)


@contextmanager
def played(now: datetime) -> Iterator[Evidence]:
    """Play the scenario as of `now` and give the evidence, which is gone after the block."""
    with transaction.atomic():
        try:
            yield _play(now)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a roll-back would never check what is deferred
        finally:
            transaction.set_rollback(True)


def _play(now: datetime) -> Evidence:
    person = User.objects.create_user(f"verify-{uuid.uuid4().hex[:12]}@example.com", full_name="Vera Verify")
    _readings(person, now)
    rules = [_rule(person, *rule) for rule in RULES]
    silent = [_rule(person, *rule) for rule in SILENT_RULES]
    evidence = Evidence(person, rules, silent, _tick(person, now), _tick(person, now + TICK))
    evidence.entries = list(ActivityEntry.objects.filter(user=person).order_by("created_at", "event_type"))
    evidence.notifications = list(Notification.objects.filter(user=person).order_by("created_at"))
    evidence.optimizations = list(OptimizationEvent.objects.filter(user=person, rule__in=rules))
    evidence.action_logs = list(ActionLog.objects.filter(user=person, event__in=evidence.optimizations))
    return evidence


def _readings(person: User, now: datetime) -> None:
    before = now - timedelta(minutes=1)
    FusionScore.objects.create(user=person, fusion_score=55, calculated_at=before)
    OptimizationEvent.objects.create(
        user=person, source_event_type="verify", optimization_action="pre_tune", efficiency_index=60,
        status=OptimizationEvent.Status.APPLIED, applied=True, created_at=before,
    )  # fmt: skip
    AuditEvent.objects.bulk_create(
        AuditEvent(user=person, event_type="verify", severity="error", message="a made-up anomaly", created_at=before)
        for _ in range(5)
    )


def _rule(person: User, metric: str, operator: str, threshold: int, action: str) -> AutomationRule:
    rule: AutomationRule = AutomationRule.objects.create(
        user=person, rule_name=f"{action} if {metric} {operator} {threshold}", metric_type=metric,
        condition_operator=operator, threshold_value=threshold, action_type=action, severity="high",
    )  # fmt: skip
    return rule


def _tick(person: User, now: datetime) -> DispatchRun:
    until = time.monotonic() + PATIENCE
    while True:
        run = dispatch(now, DispatchRun.Trigger.COMMAND, owner=person.pk)
        if run.outcome != DispatchRun.Outcome.OVERLAPPED:
            return run
        if time.monotonic() > until:
            raise DispatcherBusy
        time.sleep(0.5)
