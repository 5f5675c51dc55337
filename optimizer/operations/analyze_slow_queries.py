"""analyze_slow_queries: the costliest statements and the tables that are read without an index, as evidence.

https://www.postgresql.org/docs/current/pgstatstatements.html; where it is not installed, only the tables are reported.
"""

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, connection, transaction

from optimizer.operations import Done, Operation, PreviewedChange, Task
from smartagent.kernel.formats import plural

SLOW_STATEMENTS_SQL = """
SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 300) AS statement, calls, round(total_exec_time)::bigint AS ms,
       round(mean_exec_time::numeric, 1)::float8 AS mean_ms
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'  -- others are kept word for word, passwords too
 ORDER BY total_exec_time DESC LIMIT 10
"""
SCANNED_TABLES_SQL = """
SELECT relname AS table, seq_scan AS scans, seq_tup_read AS rows_read, n_live_tup AS rows
  FROM pg_stat_user_tables
 WHERE n_live_tup > 10000 AND seq_scan > coalesce(idx_scan, 0)
 ORDER BY seq_tup_read DESC LIMIT 10
"""


class AnalyzeSlowQueries(Operation):
    kind = "analyze_slow_queries"
    label = "Find slow queries"
    help = "Records the ten most expensive statements and the tables read without an index; changes nothing."
    reversible = True
    changes = False

    def preview(self, task: Task) -> list[PreviewedChange]:
        return []

    def apply(self, task: Task, reached: Any) -> Done:
        statements = _statements()
        tables = _rows(SCANNED_TABLES_SQL)
        result = "pg_stat_statements is not installed; " if statements is None else f"{len(statements)} statements; "
        found = f"{len(tables)} large {plural(len(tables), 'table')} read without an index."
        return Done(after={"statements": statements, "tables": tables}, result=result + found)

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Nothing to undo."""


def _statements() -> list[dict[str, Any]] | None:
    """The costliest statements; None where they are not collected, or not readable for this account."""
    if not _is_there("pg_stat_statements"):
        return None
    try:
        with transaction.atomic():
            return _rows(SLOW_STATEMENTS_SQL)
    except DatabaseError:  # the extension is made, but the server has not loaded it
        return None


def _is_there(relation: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [relation])
        return bool(cursor.fetchone()[0])


def _rows(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
