"""The scenario of `manage.py verify`: a person with bad readings, three rules that fire, two that must stay silent, and
two evaluations five minutes apart; then an integration that recovers, and a reweighting that is rolled back.

All of it happens in one transaction that is rolled back, whatever happens: nobody else ever sees it, and nothing stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from notifications.models import Notification
from optimizer.models import ActionLog, OptimizationEvent
from rules.engine.severities import severity_of
from rules.evaluation.process_metrics import rehearsal
from rules.models import ActivityEntry, AuditEvent, AutomationRule, DispatchRun, FusionScore
from smartagent.models import User
from smartagent.verification import recovery, reweighting
from smartagent.verification.evaluations import EVALUATION_INTERVAL, evaluate_rules_of, rule_of, somebody
from smartagent.verification.optimization import set_policy
from smartagent.verification.patches import patched

# The rules of the old application, with the options that it gives them.
RULES = (
    (("fusion_score", "<", 70, "alert"), {"severity": "high", "channel": "system"}),
    (("anomaly_count", ">", 3, "notify"), {"recipients": ["admin"], "priority": "medium"}),
    (("efficiency_index", "<", 80, "optimize"), {"optimization_type": "auto", "target_metric": "efficiency_index"}),
)
SILENT_RULES = (("fusion_score", "<", 10, "alert"), ("verify_without_data", "<", 70, "alert"))


@dataclass(slots=True)
class ScenarioResult:
    """The tables after the two evaluations, and the results of the two scenarios with optimizations."""

    person: User
    rules: list[AutomationRule]
    silent: list[AutomationRule]
    first: DispatchRun
    second: DispatchRun
    recovery: recovery.Recovery
    reweighting: reweighting.Reweighting
    not_patched: list[str] = field(default_factory=list)  # what REST refused
    entries: list[ActivityEntry] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    optimizations: list[OptimizationEvent] = field(default_factory=list)
    action_logs: list[ActionLog] = field(default_factory=list)


@contextmanager
def played(now: datetime) -> Iterator[ScenarioResult]:
    """Play the scenario as of `now` and give the evidence, which is gone after the block."""
    with rehearsal(), transaction.atomic():
        try:
            yield _play(now)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a roll-back would never check what is deferred
        finally:
            transaction.set_rollback(True)


def _play(now: datetime) -> ScenarioResult:
    person = somebody("Vera Verify")
    _readings(person, now)
    rules = [
        rule_of(person, *rule, action_config=options, severity=severity_of(options) or "medium")
        for rule, options in RULES
    ]
    silent = [rule_of(person, *rule) for rule in SILENT_RULES]
    first, second = evaluate_rules_of(person, now), evaluate_rules_of(person, now + EVALUATION_INTERVAL)
    refused = patched(person, rules)
    set_policy()
    stories = recovery.play(now), reweighting.play(now)
    evidence = ScenarioResult(person, rules, silent, first, second, *stories, not_patched=refused)
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
