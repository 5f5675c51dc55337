"""Changes of the policy, and stopping and resuming the optimizer: each with an activity entry."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction

from optimizer.models import ActionLog, OptimizerPolicy
from rules.models import ActivityEntry
from rules.models.recorded import differences_of
from smartagent.kernel.formats import plural

FIELDS = (
    "automatic_per_day", "trusted_after", "trusted_rate", "needs_another", "undo_worse", "on_failure", "window",
    "window_zone",
)  # fmt: skip


def change(values: Mapping[str, Any], by: Any, now: datetime) -> list[str]:
    """Store the `values` that differ, and return the changes in words; empty where nothing differs."""
    with transaction.atomic():
        policy = locked_policy()
        changes = [
            f"{_name(name)} {_shown(getattr(policy, name))} → {_shown(value)}"
            for name, value in values.items()
            if name in FIELDS and getattr(policy, name) != value
        ]
        if changes:
            before = copy(policy)
            for name in values:
                setattr(policy, name, values[name])
            policy.save()
            differences = differences_of(before, policy, FIELDS)
            _write(
                "optimizer_policy_changed", "policy_change", by, now, changes="; ".join(changes), values=differences
            )  # fmt: skip
    return changes


def switch(stopped: bool, by: Any, now: datetime) -> bool:
    """Stop or resume the optimizer; return whether that was a change."""
    with transaction.atomic():
        policy = locked_policy()
        if policy.stopped == stopped:
            return False
        policy.stopped = stopped
        policy.save()
        words = ("optimizer_stopped", "policy_stop") if stopped else ("optimizer_released", "policy_release")
        _write(*words, by, now)
    return True


def _name(field: str) -> str:
    found: Any = OptimizerPolicy._meta.get_field(field)
    return str(found.verbose_name)


def locked_policy() -> OptimizerPolicy:
    """The policy, which nobody else changes until the transaction ends."""
    OptimizerPolicy.objects.get_or_create(pk=1)
    return OptimizerPolicy.objects.select_for_update().get(pk=1)


def _write(event: str, action: str, by: Any, now: datetime, **context: Any) -> None:
    facts = {"by": str(by.pk), "by_name": str(by)} | context
    ActivityEntry.objects.create(
        user=by, agent_name="person", event_type=event, action_taken="none", context=facts, status="success",
        created_at=now, executed_at=now,
    )  # fmt: skip
    done = ActionLog.Status.COMPLETED
    ActionLog.objects.create(user=by, action_type=action, action_details=facts, status=done, created_at=now)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{len(value)} {plural(len(value), 'period')}" if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


MAX_CHANGES_PER_DAY, MAX_REQUIRED_SUCCESSES = 100, 1000
