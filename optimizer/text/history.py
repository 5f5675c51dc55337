"""The timeline of one optimization: decisions from the activity log, operations from the optimizer's own log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from optimizer.models import OptimizationEvent
from optimizer.registries import operations
from optimizer.text.events import EVENT_PREFIX
from optimizer.text.proposal import operation_name
from rules.models import ActivityEntry
from rules.text.activity import named_entries

MAX_HISTORY_LINES = 200
UNDO = "undo_"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One thing that happened; `entry` is set where its page says more."""

    at: datetime
    label: str
    text: str
    cause: str = ""
    tone: str = ""
    entry: UUID | None = None
    rank: int = 0  # among what happened at the same moment


def history_of(event: OptimizationEvent, user: Any) -> list[HistoryLine]:
    """All of it, the oldest first; entries that `user` may see lead to their pages."""
    lines = [_proposed(event), *_decided(event, user), *_done(event)]
    return sorted(lines, key=lambda line: (line.at, RANKS.get(line.label, 1), line.rank))


# The order of what happens at one moment.
RANKS = {
    "proposed": 0, "approved": 1, "done": 2, "tried": 2, "applied": 3, "failed": 3, "marked as done": 3, "measured": 4,
    "undone": 5, "rolled back": 6,
}  # fmt: skip


def _proposed(event: OptimizationEvent) -> HistoryLine:
    by = f"Requested by {event.requested_by}." if event.requested_by_id else "Proposed by a rule."
    text = by if event.requested_by_id or event.rule_id or event.entry_id else "Proposed."
    return HistoryLine(at=_begin(event), label="proposed", text=text, tone="info")


def _begin(event: OptimizationEvent) -> datetime:
    """When it was proposed; other programs may not have stored it."""
    return event.created_at or datetime.min.replace(year=1970, tzinfo=UTC)


def _decided(event: OptimizationEvent, user: Any) -> list[HistoryLine]:
    owner = event.rule.user_id if event.rule else event.user_id
    rows = ActivityEntry.objects.filter(
        user=owner, created_at__gte=_begin(event) - timedelta(seconds=1),
        event_type__startswith="optimization_", context__optimization=str(event.pk),
    )  # fmt: skip
    seen = set(rows.visible_to(user).values_list("pk", flat=True))
    return [_decision(entry, seen) for entry in named_entries(list(rows.order_by("created_at")[:MAX_HISTORY_LINES]))]


def _decision(entry: Any, seen: set[UUID]) -> HistoryLine:
    facts = entry.context if isinstance(entry.context, dict) else {}
    note = f" “{facts['note']}”" if facts.get("note") else ""
    label = entry.event_label.removeprefix(EVENT_PREFIX)
    return HistoryLine(
        at=entry.created_at, label=label, text=entry.sentence + note, cause=entry.error_message or "",
        tone=EVENT_TONES.get(label, ""), entry=entry.pk if entry.pk in seen else None,
    )  # fmt: skip


EVENT_TONES = {"approved": "primary", "applied": "success", "marked as done": "success", "failed": "danger",
         "rolled back": "warning", "measured": "info"}  # fmt: skip


def _done(event: OptimizationEvent) -> list[HistoryLine]:
    found, places = [], {str(step.pk): step.position for step in event.steps.all()}
    for row in event.actions.order_by("created_at")[:MAX_HISTORY_LINES]:
        facts: dict[str, Any] = row.action_details if isinstance(row.action_details, dict) else {}
        name = str(row.action_type).removeprefix(UNDO)
        if name in operations or facts.get("step"):
            undone = str(row.action_type).startswith(UNDO)
            text = f"{operation_name(name)}: {'rolled back' if undone else facts.get('result') or 'done'}"
            failed, place = row.status == "failed", places.get(str(facts.get("step")), 0)
            found.append(HistoryLine(
                at=row.created_at, label="undone" if undone else "tried" if failed else "done",
                text=operation_name(name) if failed else text, cause=str(facts.get("error") or "") if failed else "",
                tone="danger" if failed else "warning" if undone else "success", rank=-place if undone else place,
            ))  # fmt: skip
    return found
