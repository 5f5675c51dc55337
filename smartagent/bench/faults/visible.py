"""Where a fault can be seen afterwards, asked of doctor and of what was recorded meanwhile."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from smartagent.doctor.examination import examine

SHOWN_CHARACTERS = 160
# By where it is seen. Entries of rules that fire are the load; what the system says about itself has none.
RECORDS = {
    "activity": """SELECT event_type || ': ' || coalesce(error_message, context::text) FROM agent_activity_log
                    WHERE run_id IS NULL AND rule_id IS NULL AND (
                       status = 'failed' OR event_type IN (
                           'database_started', 'connections_cut', 'clock_set', 'replica_left', 'workers_stopped'))
                      AND created_at >= %(since)s AND created_at < %(until)s""",
    "action": """SELECT event_type || ': ' || coalesce(error_message, '') FROM agent_activity_log
                  WHERE run_id IS NOT NULL AND status = 'failed'
                    AND created_at >= %(since)s AND created_at < %(until)s""",
    "run": """SELECT outcome || coalesce(': ' || error_message, '') FROM dispatch_runs
               WHERE (outcome IN ('failed', 'overlapped') OR error_message IS NOT NULL)
                 AND started_at >= %(since)s AND started_at < %(until)s""",
    "late run": """SELECT 'late by ' || date_trunc('second', late_by) FROM dispatch_runs
                    WHERE late_by IS NOT NULL AND started_at >= %(since)s AND started_at < %(until)s""",
    "task": """SELECT func || ': ' || split_part(coalesce(result, ''), ' : Traceback', 1) FROM django_q_task
                WHERE NOT success AND stopped >= %(since)s AND stopped < %(until)s""",
    "attempt": """SELECT a.error FROM delivery_attempts a
                   WHERE a.outcome = 'failed' AND a.finished_at >= %(since)s AND a.finished_at < %(until)s""",
}


def findings() -> set[str]:
    """What doctor says now."""
    try:
        return {f"{each.subject}: {each.problem}" for each in examine(connection, timezone.now()).findings}
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


def _without_numbers(text: str) -> str:
    """What was found before is the same finding with other numbers and ages."""
    return re.sub(r"\d[\d,.]*( ?(s|m|h|d|second|minute|hour|day)s?\b)?", "#", text)


def seen(bench: "psycopg.Connection[Any]", since: datetime, until: datetime, known: Collection[str]) -> list[str]:
    """What doctor says that it did not say before, then what was recorded; each kind of text once."""
    before = {_without_numbers(each) for each in known}
    lines = [f"doctor: {each}" for each in sorted(findings()) if _without_numbers(each) not in before]
    for place, statement in RECORDS.items():
        rows = bench.execute(statement, {"since": since, "until": until}).fetchall()
        lines += sorted({f"{place}: {' '.join(str(text).split())[:SHOWN_CHARACTERS]}" for (text,) in rows})[:2]
    return lines
