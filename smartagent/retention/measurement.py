"""The sizes of tables, and how fast they grow: counted where that is quick, else by the statistics of the database."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from smartagent.retention.kinds import RowKind

COUNTED_BYTES = 64 * 1024 * 1024  # of a table that is read to count its rows
DAY = timedelta(days=1)
# The rows of a table that was never analyzed are -1.
SIZES = """
SELECT c.relname, CASE WHEN bool_and(p.reltuples >= 0) THEN sum(p.reltuples)::bigint END,
       sum(pg_total_relation_size(p.oid))::bigint, c.relkind = 'p'
  FROM pg_class c LEFT JOIN pg_inherits i ON i.inhparent = c.oid
  JOIN pg_class p ON p.oid = coalesce(i.inhrelid, c.oid)
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
 GROUP BY c.oid, c.relname, c.relkind"""
COUNTED = """
SELECT '{name}', count(*), min({at}), min({due}), count(*) FILTER (WHERE {at} > %(day_ago)s AND {at} <= %(now)s)
  FROM {table}"""
FIRST = "(SELECT {column} FROM {table} ORDER BY {column} LIMIT 1)"
ESTIMATED_FIRST = """(
SELECT (histogram_bounds::text::timestamptz[])[1] FROM pg_stats
 WHERE schemaname = current_schema() AND tablename = '{table}' AND attname = '{column}'
 ORDER BY inherited DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class TableSize:
    """Rows are None where the database has not counted them yet; bytes are with indexes and partitions."""

    rows: int | None
    size: int
    partitioned: bool = False


@dataclass(frozen=True, slots=True)
class Growth:
    """`oldest` by the time of the rows, `due` by the time that retention counts from; `per_day`: new in 24 hours."""

    rows: int | None
    exact: bool
    oldest: datetime | None
    due: datetime | None
    per_day: int | None


def table_sizes() -> dict[str, TableSize]:
    """All tables of the schema, with their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        return {name: TableSize(rows, size, parted) for name, rows, size, parted in cursor.fetchall()}


def growth_of(kinds: Iterable[RowKind], sizes: Mapping[str, TableSize], now: datetime) -> dict[str, Growth]:
    """How each kind grows, by name; those whose table is missing are left out."""
    there = [kind for kind in kinds if kind.tables[0] in sizes]
    small = [kind for kind in there if sizes[kind.tables[0]].size <= COUNTED_BYTES]
    large = [kind for kind in there if kind not in small]
    return _counted(small, now) | {kind.name: _estimated(kind, sizes[kind.tables[0]], now) for kind in large}


def _counted(kinds: Iterable[RowKind], now: datetime) -> dict[str, Growth]:
    selects = [
        COUNTED.format(name=kind.name, table=kind.tables[0], at=at, due=kind.due or at)
        for kind in kinds for at in [kind.at or "NULL::timestamptz"]
    ]  # fmt: skip
    if not selects:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), {"now": now, "day_ago": now - DAY})
        return {
            name: Growth(rows, True, oldest, due, new) for name, rows, oldest, due, new in cursor.fetchall()
        }  # fmt: skip


def _estimated(kind: RowKind, size: TableSize, now: datetime) -> Growth:
    table = kind.tables[0]
    if not kind.at:
        return Growth(size.rows, False, None, None, None)
    first = FIRST if kind.indexed else ESTIMATED_FIRST
    columns = [
        first.format(table=table, column=kind.at),
        ESTIMATED_FIRST.format(table=table, column=kind.due or kind.at),
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}")
        oldest, due = cursor.fetchone()
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT FROM {table} WHERE {kind.at} > %s AND {kind.at} <= %s", [now - DAY, now]
        )
        plan = cursor.fetchone()[0]
    rows = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]["Plan Rows"]
    return Growth(size.rows, False, oldest, due if kind.due else oldest, int(rows))
