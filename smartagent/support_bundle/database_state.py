"""What the database says of itself: versions, sizes, the last runs and failures, and plans of frequent statements."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction

RUNS, FAILURES = 200, 100
STATE = {
    "versions": "SELECT version() AS version, current_setting('server_version_num') AS number, "
    "pg_size_pretty(pg_database_size(current_database())) AS size, pg_postmaster_start_time() AS started_at",
    "tables": """
SELECT c.relname AS name, c.relkind AS kind, c.reltuples::bigint AS estimated_rows,
       pg_total_relation_size(c.oid) AS bytes, s.n_dead_tup AS dead_rows, s.last_autovacuum, s.last_autoanalyze
  FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
 ORDER BY bytes DESC, name LIMIT 300""",
    "migrations": "SELECT app, name, applied FROM django_migrations ORDER BY id",
    "runs": f"SELECT * FROM dispatch_runs ORDER BY started_at DESC LIMIT {RUNS}",
    "failed_actions": f"""
SELECT action_taken AS action, error_message AS cause, count(*), max(created_at) AS last_at FROM agent_activity_log
 WHERE status = 'failed' AND created_at > now() - interval '7 days'
 GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC LIMIT {FAILURES}""",
    "failed_deliveries": f"""
SELECT kind AS channel, cause, count(*), max(settled_at) AS last_at FROM deliveries
 WHERE status = 'dead' AND settled_at > now() - interval '7 days'
 GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC LIMIT {FAILURES}""",
    "failed_tasks": f"""
SELECT name, func, started, stopped, left(result, 5000) AS result FROM django_q_task
 WHERE NOT success ORDER BY stopped DESC LIMIT {FAILURES}""",
    "schedules": "SELECT name, func, schedule_type, minutes, cron, next_run FROM django_q_schedule ORDER BY name",
    "connections": """
SELECT application_name, state, wait_event_type, count(*), max(now() - xact_start) AS longest_transaction
  FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1, 2, 3 ORDER BY 4 DESC""",
}  # fmt: skip
PLANS = {
    "newest entries": "SELECT * FROM agent_activity_log ORDER BY created_at DESC, id DESC LIMIT 50",
    "due deliveries": "SELECT id FROM deliveries WHERE status = 'due' AND due_at <= now() ORDER BY due_at LIMIT 128",
    "pending entries": "SELECT id FROM agent_activity_log WHERE status = 'pending' AND run_id IS NOT NULL "
    "AND state_id IS NOT NULL ORDER BY created_at, id LIMIT 2000",
    "instances": "SELECT r.id FROM automation_rules r LEFT JOIN rule_states s ON s.rule_id = r.id "
    "WHERE r.status = 'active'",
}


def database_state() -> dict[str, Any]:
    """The rows of each statement by its name, or why there are none."""
    return {name: _or_why(lambda sql=sql: _rows(sql)) for name, sql in STATE.items()}  # type: ignore[misc]


def plans() -> str:
    """The plans of frequent statements, and what they really took."""
    parts = []
    for name, sql in PLANS.items():
        found = _or_why(lambda sql=sql: _lines(f"EXPLAIN (ANALYZE, BUFFERS) {sql}"))  # type: ignore[misc]
        parts.append(f"-- {name}\n{sql}\n\n{found}\n")
    return "\n".join(parts)


def _or_why(ask: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return ask()
    except DatabaseError as error:
        return f"not known: {str(error).strip()}"


def _rows(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _lines(sql: str) -> str:
    return "\n".join(str(row["QUERY PLAN"]) for row in _rows(sql))
