"""What retention deletes is in the activity log: one entry for each run, with the rows of each kind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.row_export import RowExport

ROWS_DELETED, DELETION_FAILED = "rows_deleted", "deletion_failed"


def _counts(context: Mapping[str, Any]) -> str:
    deleted = context.get("deleted")
    if not isinstance(deleted, dict) or not deleted:
        return "nothing"
    return ", ".join(
        f"{kind} ({count:,})" if isinstance(count, int) else str(kind) for kind, count in sorted(deleted.items())
    )


def _deleted(context: Mapping[str, Any]) -> str:
    exported = f" They were exported to {context['folder']} before." if context.get("folder") else ""
    return f"Retention deleted {_counts(context)}.{exported}"


def _failed(context: Mapping[str, Any]) -> str:
    return f"Retention stopped. {context['error']} Deleted before: {_counts(context)}."


DELETION_EVENTS = (
    EventKind(kind=ROWS_DELETED, label="rows deleted", sentence=_deleted, tone="info"),
    EventKind(kind=DELETION_FAILED, label="deletion failed", sentence=_failed, tone="danger"),
)


def log_deletion(deleted: Mapping[str, int], export: RowExport | None, now: datetime, error: str = "") -> None:
    """Write the entry of a run; none where nothing was deleted and nothing failed. `deleted`: rows by kind, plural."""
    counts = {kind: count for kind, count in deleted.items() if count}
    if not counts and not error:
        return
    context = {"deleted": counts, "folder": str(export.folder) if export else "", "error": error}
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=DELETION_FAILED if error else ROWS_DELETED, action_taken="none",
        context=context, status="failed" if error else "success", error_message=error or None, created_at=now,
        executed_at=now,
    )  # fmt: skip
