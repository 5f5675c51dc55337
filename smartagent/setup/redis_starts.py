"""Starts of Redis, where tasks wait, in the activity log, for RULES_EVENTS: with its tasks, or without them."""

from datetime import datetime

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.member_role import as_owner

REDIS_STARTED = "redis_started"
REDIS_EVENTS = (
    EventKind(
        kind=REDIS_STARTED, label="Redis started", tone="warning", sentence="Redis was started. {tasks}",
    ),
)  # fmt: skip
KEPT = "The tasks that waited in it were kept."
FIRST = "Tasks wait in it from now on."
LOST = "The tasks that waited in it were lost; each comes again by its schedule."


@as_owner()
def log_redis_start(now: datetime, *, kept: bool) -> None:
    """Write an entry. Where there is none yet, nothing has been in Redis before."""
    first = not kept and not ActivityEntry.objects.filter(event_type=REDIS_STARTED).exists()
    tasks = KEPT if kept else FIRST if first else LOST
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=REDIS_STARTED, action_taken="none", status="success",
        context={"tasks": tasks, "kept": kept or first}, created_at=now, executed_at=now,
    )  # fmt: skip
