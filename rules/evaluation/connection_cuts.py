"""Connections that somebody has ended with `pg_terminate_backend`, in the activity log, for RULES_EVENTS."""

from datetime import datetime
from typing import Any

from django.db import connection

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.formats import counted
from smartagent.kernel.member_role import as_owner

CONNECTIONS_CUT = "connections_cut"
CONNECTION_EVENTS = (
    EventKind(
        kind=CONNECTIONS_CUT, label="connections cut", tone="warning",
        sentence="An administrator of PostgreSQL ended {connections}.",
    ),
)  # fmt: skip
ENDED = """SELECT pg_postmaster_start_time(), sessions_killed FROM pg_stat_database
            WHERE datname = current_database()"""


class ConnectionWatch:
    """Asks PostgreSQL how many connections were ended; a restart, which ends all of them, is told otherwise."""

    def __init__(self) -> None:
        self.known: tuple[Any, int] | None = None

    def look(self, now: datetime) -> int:
        """Write an entry where connections were ended since the last look; return how many."""
        with connection.cursor() as cursor:
            cursor.execute(ENDED)
            started, ended = cursor.fetchone()
        before, self.known = self.known, (started, ended)
        if before is None or before[0] != started or ended <= before[1]:
            return 0
        _log(ended - before[1], now)
        return int(ended - before[1])


@as_owner()
def _log(number: int, now: datetime) -> None:
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=CONNECTIONS_CUT, action_taken="none", status="success",
        context={"connections": counted(number, "connection")}, created_at=now, executed_at=now,
    )  # fmt: skip
