"""Old entries, runs, escalations, failed tasks and lines of the admin log are deleted, in short transactions.

Once a day, in batches. What exceeds the time of one run is left for the next.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from rules.audit.forgetting import UNSEALED, deleting_entries
from rules.storage.deletions import log_deletion
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.row_export import ExportFailed, RowExport, delete_rows, row_export

DELETED_PER_QUERY = 2000  # rows
SECONDS_PER_RUN = 150.0  # a worker ends a task after 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Rows of a table that may go: `where` is a condition on the row `r`, with the time `%(before)s`."""

    name: str
    table: str
    setting: str
    where: str
    order: str
    kept: str = ""  # a query of the IDs of rows that may not go yet
    parts: Mapping[str, str] = field(default_factory=dict)  # tables whose rows go with it, and by which column
    permission: Callable[[datetime, datetime], AbstractContextManager[None]] = lambda before, now: nullcontext()

    @property
    def sql(self) -> str:
        """Rows that somebody is using are left for the next time.

        Arrays and EXCEPT in place of joins: a join would be a loop over the table where its statistics say "empty".
        """
        parts = "".join(
            f", {table} AS (DELETE FROM {table} WHERE {column} = ANY(ARRAY(SELECT id FROM old)) RETURNING *)"
            for table, column in self.parts.items()
        )
        return f"""
            WITH oldest AS MATERIALIZED (
                    SELECT r.id FROM {self.table} r WHERE {self.where}
                     ORDER BY {self.order} LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
                 old AS MATERIALIZED (SELECT id FROM oldest {self.kept and f"EXCEPT ({self.kept})"}),
                 gone AS (DELETE FROM {self.table} WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING *){parts}"""

    @property
    def deleted(self) -> dict[str, str]:
        """The queries of the statement that return deleted rows, by table."""
        return {self.table: "gone"} | {table: table for table in self.parts}


# What waits to be executed stays; so does a run that entries name, and the escalation of what is firing still.
DELETIONS = (
    Deletion(
        name="activity entries", table="agent_activity_log", setting="ACTIVITY_KEEP_DAYS", order="r.created_at",
        where="r.created_at < %(before)s AND r.status <> 'pending'", kept=UNSEALED,
        parts={"rule_feedback": "entry_id"}, permission=deleting_entries,
    ),
    Deletion(
        name="runs", table="dispatch_runs", setting="RUNS_KEEP_DAYS", order="r.started_at",
        where="r.started_at < %(before)s AND r.outcome <> 'running' "
              "AND NOT EXISTS (SELECT FROM agent_activity_log l WHERE l.run_id = r.id)",
    ),
    Deletion(
        name="escalations", table="escalations", setting="ESCALATIONS_KEEP_DAYS", order="r.ended_at",
        where="r.ended_at < %(before)s "
              "AND NOT EXISTS (SELECT FROM rule_states s WHERE s.id = r.state_id AND s.episode = r.episode)",
    ),
    Deletion(
        name="tasks", table="django_q_task", setting="TASKS_KEEP_DAYS", order="r.stopped",
        where="r.stopped < %(before)s",
    ),
    Deletion(
        name="lines of the admin log", table="django_admin_log", setting="ADMIN_LOG_KEEP_DAYS", order="r.action_time",
        where="r.action_time < %(before)s",
    ),
)  # fmt: skip


def delete_old(now: datetime | None = None) -> str:
    """Delete what is older than the retention; the scheduled task. Return what was deleted, in words."""
    now, until = now or timezone.now(), time.monotonic() + SECONDS_PER_RUN
    export, deleted, failure = row_export(now), dict.fromkeys((each.name for each in DELETIONS), 0), ""
    with as_owner():
        for each in DELETIONS:
            try:
                for count in _batches(each, now, export, until):
                    deleted[each.name] += count
            except ExportFailed as error:
                failure = str(error)
        log_deletion(deleted, export, now, failure)
    return failure or ", ".join(f"{name} ({count:,})" for name, count in deleted.items())


def _batches(each: Deletion, now: datetime, export: RowExport | None, until: float) -> Iterator[int]:
    days = getattr(settings, each.setting)
    if days <= 0:
        return
    params: dict[str, Any] = {"before": now - timedelta(days=days), "limit": DELETED_PER_QUERY}
    with each.permission(params["before"], now):
        while time.monotonic() < until:
            count = delete_rows(each.sql, each.deleted, params, export)
            if not count:
                return
            yield count
