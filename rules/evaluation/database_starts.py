"""Starts of PostgreSQL, in the activity log, for RULES_EVENTS: nobody else says afterwards that it was away."""

from datetime import UTC, datetime

from django.db import connection

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry, DispatchRun
from smartagent.kernel.member_role import as_owner

DATABASE_STARTED = "database_started"
DATABASE_EVENTS = (
    EventKind(
        kind=DATABASE_STARTED, label="database started", tone="warning",
        sentence="PostgreSQL was started at {at}. The last evaluation before began at {before}.",
    ),
)  # fmt: skip
STARTED_AT = "SELECT pg_postmaster_start_time()"
TIME = "%Y-%m-%d %H:%M:%S UTC"


@as_owner()
def log_database_start(now: datetime) -> bool:
    """Write an entry where PostgreSQL was started since the last scheduled evaluation; whether it was."""
    last = DispatchRun.objects.by_clock().values_list("started_at", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(STARTED_AT)
        (started,) = cursor.fetchone()
    if last is None or not last < started <= now:
        return False
    facts = {"at": f"{started.astimezone(UTC):{TIME}}", "before": f"{last.astimezone(UTC):{TIME}}"}
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=DATABASE_STARTED, action_taken="none", status="success", context=facts,
        created_at=now, executed_at=now,
    )  # fmt: skip
    return True
