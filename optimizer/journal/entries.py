"""Records of what the optimizer does: in the activity log, with person and reason, and in its own log; the person
concerned is notified of important ones."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from notifications.gateway import post
from optimizer.journal.messages import of_entries
from optimizer.models import ActionLog, OptimizationEvent
from rules.models import ActivityEntry


def entry(
    event: OptimizationEvent, what: str, now: datetime, *, by: Any = None, error: str = "", **facts: Any
) -> ActivityEntry:
    """An activity entry about a proposal, not yet saved; `what` is approved, applied, failed, rolled_back, dismissed
    ..."""
    context: dict[str, Any] = {
        "optimization": str(event.pk), "strategy": event.strategy, "metric": event.metric, "target": event.target,
        "person": str(event.user_id) if event.user_id else None, "by": str(by.pk) if by else None,
        "by_name": str(by) if by else "The policy",
    }  # fmt: skip
    return ActivityEntry(
        user_id=event.rule.user_id if event.rule else event.user_id, rule_id=event.rule_id,
        agent_name="person" if by else "optimizer", event_type=f"optimization_{what}", action_taken="none",
        context=context | facts, status="failed" if error else "success", error_message=error or None, created_at=now,
        executed_at=now,
    )  # fmt: skip


def write_entries(entries: Iterable[ActivityEntry]) -> None:
    """Save the entries and notify the people concerned, in the current transaction."""
    rows = list(entries)
    ActivityEntry.objects.bulk_create(rows, batch_size=1000)
    if messages := of_entries(rows):
        post(messages, max(row.created_at for row in rows))


def log(
    event: OptimizationEvent, action: str, now: datetime, *, done: bool = True, details: Mapping[str, Any] | None = None
) -> None:
    """Write a row of the optimizer's own log, in the current transaction."""
    ActionLog.objects.create(
        user_id=event.user_id, event=event, action_type=action, action_details=dict(details or {}), created_at=now,
        status=ActionLog.Status.COMPLETED if done else ActionLog.Status.FAILED,
    )  # fmt: skip
