"""Rules, states and entries for tests of pages."""

from datetime import datetime
from typing import Any

from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from smartagent.models import User


def rule_of(user: User, **fields: Any) -> AutomationRule:
    """A rule `fusion_score < 70, alert, high`."""
    return AutomationRule.objects.create(
        user=user,
        **{
            "rule_name": "Fusion score too low", "metric_type": "fusion_score", "condition_operator": "<",
            "threshold_value": 70, "action_type": "alert", "severity": "high",
        } | fields,
    )  # fmt: skip


def saved_by(rule: AutomationRule, user: User) -> AutomationRule:
    """The rule, as if `user` had saved it: may it notify others, they answer for it."""
    rule.history.update(history_user=user)
    return rule


def state_of(rule: AutomationRule, now: datetime, condition: str = "firing", **fields: Any) -> RuleState:
    """Its owner's instance."""
    return RuleState.objects.create(
        **{"rule": rule, "user": rule.user, "condition": condition, "since": now, "value": 63.0} | fields
    )


def entry_of(rule: AutomationRule, now: datetime, **fields: Any) -> ActivityEntry:
    """The rule fired at 63 and alerted."""
    context = {
        "rule_name": rule.rule_name, "metric": "fusion_score", "value": 63.0, "threshold": 70, "operator": "<",
        "target": "", "severity": rule.severity, "person": str(rule.user_id),
    }  # fmt: skip
    return ActivityEntry.objects.create(
        **{
            "user": rule.user, "rule": rule, "event_type": "rule_fired", "action_taken": "alert", "status": "success",
            "context": context, "created_at": now, "executed_at": now,
        } | fields
    )  # fmt: skip


def run_at(now: datetime, **fields: Any) -> DispatchRun:
    """A tick of the clock that went well."""
    return DispatchRun.objects.create(
        **{
            "trigger": "schedule", "outcome": "completed", "evaluated_at": now, "started_at": now, "finished_at": now,
            "rules_evaluated": 12, "triggered": 2, "succeeded": 2, "stage_ms": {"readings": 12.5, "candidates": 40.1},
        } | fields
    )  # fmt: skip
