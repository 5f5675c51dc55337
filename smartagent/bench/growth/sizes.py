"""Figures that every dimension measures: seconds of a call, and bytes of tables with their indexes and partitions."""

import time
from collections.abc import Callable
from statistics import median

from django.db import connection

ROUNDS = 3
BYTES_SQL = """
WITH RECURSIVE parts AS (
    SELECT t::regclass::oid AS oid FROM unnest(%s::text[]) AS t
     UNION ALL SELECT i.inhrelid FROM parts p JOIN pg_inherits i ON i.inhparent = p.oid)
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::int8 FROM parts"""

Measured = dict[tuple[str, str], float]


def bytes_of(*tables: str) -> float:
    """The size on disk of these tables together."""
    with connection.cursor() as cursor:
        cursor.execute(BYTES_SQL, [list(tables)])
        return float(cursor.fetchone()[0])


def seconds_of(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of several calls."""
    return median(_seconds(call) for _ in range(rounds))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
