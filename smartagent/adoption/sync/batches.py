"""Updates of all rows of a large table in small batches, so that writers wait for moments only.

A batch is a range of blocks (ctid): it needs no index, and no block is read twice. Its size adapts to the time that the
last batch took.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.routines import RoutinePlace

logger = logging.getLogger("smartagent.adoption")

FIRST_BATCH, LARGEST_BATCH = 64, 8192
AIM = 0.1  # seconds for a batch
PROGRESS_SECONDS = 2.0  # seconds

BLOCKS = """
SELECT coalesce(max(pg_relation_size(part)), 0) / current_setting('block_size')::bigint
FROM (SELECT relid FROM pg_partition_tree(%(oid)s::oid::regclass) UNION SELECT %(oid)s::oid) AS parts(part)"""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Logs the percentage of finished blocks, every PROGRESS_SECONDS."""

    subject: str
    what: str
    total: int

    def follow(self, batches: Iterator[int]) -> None:
        reported_at = time.monotonic()
        for done in batches:
            if time.monotonic() - reported_at >= PROGRESS_SECONDS:
                reported_at = time.monotonic()
                logger.info("%s: %s, %d %%", self.subject, self.what, 100 * min(done, self.total) // self.total)


def run(
    connection: BaseDatabaseWrapper,
    place: RoutinePlace,
    what: str,
    statement: Callable[[str], str],
    *,
    quiet: bool = False,
) -> int:
    """Run `statement(condition)` for the rows of each batch; return the number of changed rows.

    `quiet`: no trigger fires, see `may_be_quiet`.
    """
    total = blocks(connection, place)
    changed = 0

    def batch(first: int, end: int) -> None:
        nonlocal changed
        rows = f"it.ctid >= '({first},0)'::tid AND it.ctid < '({end},0)'::tid"
        changed += patiently(connection, f"{place.name}: {what}", lambda: execute(connection, statement(rows), quiet))

    Progress(subject=place.name, what=what, total=total).follow(adapted(total, batch))
    return changed


def adapted(total: int, batch: Callable[[int, int], None]) -> Iterator[int]:
    """Call `batch(first block, end)` over all blocks, each batch of about AIM seconds; yield the finished blocks."""
    first, size = 0, FIRST_BATCH
    while first < total:
        began = time.monotonic()
        batch(first, first + size)
        first += size
        yield first
        fitting = size * AIM / max(time.monotonic() - began, 0.001)
        size = int(min(max(fitting, size / 4, 1), size * 2, LARGEST_BATCH))


def execute(connection: BaseDatabaseWrapper, statement: str, quiet: bool) -> int:
    """Run one statement as a backfill, with `quiet` without triggers; return the number of changed rows.

    The settings are reset afterwards, since the transaction may go on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL smartagent.backfill = 'on'")
        if quiet:
            cursor.execute("SET LOCAL session_replication_role = 'replica'")
        # Without parameters a percent sign is nothing special.
        cursor.execute(statement, None)
        changed = int(cursor.rowcount)
        if quiet:
            cursor.execute("SET LOCAL session_replication_role = 'origin'")
        cursor.execute("SET LOCAL smartagent.backfill = 'off'")
        return changed


def may_be_quiet(connection: BaseDatabaseWrapper) -> bool:
    """Whether this account may disable triggers in a transaction; else Smart Agent's trigger reverts their effects."""
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = 'replica'")
            cursor.execute("SET LOCAL session_replication_role = 'origin'")
    except ProgrammingError as error:
        if not isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise
        return False
    return True


def blocks(connection: BaseDatabaseWrapper, place: RoutinePlace) -> int:
    """Return the number of blocks of the table, or of its largest partition."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, {"oid": place.oid})
        return int(cursor.fetchone()[0])


def about(connection: BaseDatabaseWrapper, place: RoutinePlace) -> int:
    """Return the number of rows of the table: PostgreSQL's estimate, or counted if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s", [place.oid])
        known = int(cursor.fetchone()[0])
        if known > 0:
            return known
        cursor.execute(f"SELECT count(*) FROM {place.name}", None)
        return int(cursor.fetchone()[0])
