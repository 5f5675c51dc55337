"""Notifications of the optimizer: to the person concerned, once per proposal, and when it was applied, failed, or made
the metric worse. Builds messages only; the caller posts them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from notifications.gateway import Message
from optimizer.models import OptimizationEvent
from optimizer.text.proposal import strategy_name
from rules.models import ActivityEntry
from rules.text.entry import metric_name
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import plural


def of_proposals(events: Iterable[OptimizationEvent]) -> list[Message]:
    """Notifications of waiting proposals; none to people who requested the proposal themselves."""
    return [
        _message(
            event.user_id, event.rule_id, event.pk, "notify", "medium",
            f"Optimization proposed: {strategy_name(event.strategy)}", [event.reason, *_steps(event)],
        )
        for event in events
        if event.user_id and event.user_id != event.requested_by_id
    ]  # fmt: skip


def of_entries(entries: Iterable[ActivityEntry]) -> list[Message]:
    """Notifications to the person concerned about entries of the log."""
    return [message for entry in entries if (message := _of(entry))]


def _of(entry: ActivityEntry) -> Message | None:
    facts: dict[str, Any] = entry.context if isinstance(entry.context, dict) else {}
    person, key = as_uuid(str(facts.get("person") or "")), as_uuid(str(facts.get("optimization") or ""))
    if person is None or key is None:
        return None
    name, metric = strategy_name(facts.get("strategy")), metric_name(facts.get("metric"))
    if entry.event_type == "optimization_applied":
        count = facts.get("steps") or 0
        done = f"{count} {plural(count, 'operation')} done. The effect is measured in one day."
        return _message(person, entry.rule_id, key, "success", "low", f"Optimization applied: {name}", [done])
    if entry.event_type == "optimization_failed":
        cause = entry.error_message or "No error text."
        return _message(person, entry.rule_id, key, "error", "high", f"Optimization failed: {name}", [cause])
    if entry.event_type == "optimization_measured" and facts.get("verdict") == OptimizationEvent.Verdict.WORSE:
        text = f"The {metric} is worse than on the day before. The optimization can be rolled back."
        return _message(
            person, entry.rule_id, key, "warning", "high", f"Optimization made the metric worse: {name}", [text]
        )
    return None


def _message(
    person: UUID, rule: UUID | None, key: UUID, kind: str, severity: str, title: str, lines: Sequence[str]
) -> Message:
    return Message(
        user_id=person, rule_id=rule, type=kind, severity=severity, title=title, message="\n".join(filter(None, lines)),
        action_url=f"/optimizations/{key}/", metadata={"optimization": str(key)}, reason="other",
    )  # fmt: skip


def _steps(event: OptimizationEvent) -> list[str]:
    """The recommended steps in words."""
    found = event.recommended_actions if isinstance(event.recommended_actions, list) else []
    return [f"• {step}" for step in found]
