"""What is read of a running system: memory of processes, connections, and what tables and indexes take for a row."""

import time
import timeit
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import psutil
import psycopg

from smartagent.bench.faults.soak.processors import Processors
from smartagent.bench.faults.stage import Stage

MEGABYTE = 1 << 20
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
# Partitions count as their table; temporary tables belong to whoever made them. HOT updates write no index.
TABLES = """
SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)),
       sum(s.n_dead_tup), sum(s.n_tup_upd), sum(s.n_tup_hot_upd)
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
 WHERE c.relpersistence <> 't'
 GROUP BY 1 HAVING sum(pg_table_size(c.oid)) > %s ORDER BY 1"""
SMALLEST_TABLE = MEGABYTE
TRIES = 5  # of the fixed work: other processes have interrupted the fastest try least


@dataclass(frozen=True, kw_only=True)
class TableReading:
    """At a time (monotonic): sizes in bytes, and rows; updates are those since the statistics began."""

    at: float
    table_bytes: int
    index_bytes: int
    rows: int
    dead: int
    updates: int
    hot_updates: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """At a time (monotonic): figures by name."""

    at: float
    figures: dict[str, float] = field(default_factory=dict)


def read(stage: Stage, processors: Processors) -> Reading:
    """Memory in MB of each kind of process, connections, and how busy each kind and the machine were since the last
    reading, the machine with whatever else it does; and the time of a fixed piece of work, which tells a machine
    that became slower from a system that did."""
    processes = stage.installation.processes()
    figures = {f"{role} memory MB": sum(_memory(process) for process in each) for role, each in processes.items()}
    figures |= processors.read(processes | {"postgres": stage.database.processes()})
    with stage.database.connect() as connection:
        row = connection.execute(CONNECTIONS).fetchone()
    figures |= {"connections": float(row[0]) if row else 0.0, "machine busy %": psutil.cpu_percent()}
    figures["fixed work ms"] = 1000 * min(timeit.repeat(_work, number=1, repeat=TRIES))
    return Reading(at=time.monotonic(), figures=figures)


def read_tables(connection: "psycopg.Connection[Any]", known: Collection[str] = frozenset()) -> dict[str, TableReading]:
    """The larger tables, by name, but for those that are known."""
    return {
        name: TableReading(
            at=time.monotonic(), table_bytes=int(table_bytes), index_bytes=int(index_bytes),
            rows=_rows(connection, name), dead=int(dead), updates=int(updates), hot_updates=int(hot),
        )
        for name, table_bytes, index_bytes, dead, updates, hot in connection.execute(TABLES, [SMALLEST_TABLE])
        if name not in known
    }  # fmt: skip


def _rows(connection: "psycopg.Connection[Any]", table: str) -> int:
    row = connection.execute(
        psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
    ).fetchone()
    return int(row[0]) if row else 0


def _work() -> int:
    """The fixed work: a few milliseconds of a processor."""
    return sum(range(200_000))


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MEGABYTE
    except psutil.Error:
        return 0.0
