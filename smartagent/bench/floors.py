"""Floors: the time that PostgreSQL alone takes on the same tables."""

import tempfile
import time
from datetime import datetime
from typing import IO, Any

from django.db import connection, transaction

from rules.engine.conditions import met_sql
from rules.engine.numeric_range import as_float_sql
from rules.evaluation.readings import BY_HASHING
from rules.metrics.pushed import Pushed
from rules.models.audit import entries_may_change
from rules.registries import metrics


def count_breaches(now: datetime) -> float:
    """Return the seconds of a bare SQL join of rules and newest readings that counts the breaches."""
    params: dict[str, Any] = {}
    parts = []
    for source in metrics:
        query = source.readings(now)
        parts.append(
            f"SELECT '{source.kind}' AS metric, user_id, target, value FROM ({_named(query.sql, source.kind)}) r"
        )
        params |= {f"{source.kind}_{name}": value for name, value in query.params.items()}
    pushed = Pushed([source.kind for source in metrics]).readings(now)
    parts.append(f"SELECT metric, user_id, target, value FROM ({pushed.sql}) r")
    met = met_sql("v.value", "r.condition_operator", as_float_sql("r.threshold_value"))
    sql = f"""SELECT count(*) FROM automation_rules r JOIN ({" UNION ALL ".join(parts)}) AS v
                  ON v.metric = r.metric_type AND v.user_id = r.user_id
                 AND v.target = coalesce(r.target_integration, '')
               WHERE r.status = 'active' AND {met}"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASHING)  # as the evaluation joins: the floor must not be slower than it need be
        started = time.perf_counter()
        cursor.execute(sql, params | pushed.params)
        cursor.fetchone()
        return time.perf_counter() - started


def copy_again(*tables: str) -> float:
    """Return the seconds of a bare COPY of the rows of `tables` into the same tables, emptied before."""
    kept = {table: _dump(table) for table in tables}
    with entries_may_change("bench"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    started = time.perf_counter()
    for table, file in kept.items():
        _load(table, file)
    return time.perf_counter() - started


def _named(sql: str, kind: str) -> str:
    return sql.replace("%(", f"%({kind}_")


def _dump(table: str) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 it is read by `_load`
    with connection.cursor() as cursor, cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT BINARY)") as copy:
        for block in copy:
            file.write(block)
    file.seek(0)
    return file


def _load(table: str, file: IO[bytes]) -> None:
    with file, connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        while block := file.read(1 << 20):
            copy.write(block)
