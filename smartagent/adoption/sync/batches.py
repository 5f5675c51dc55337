"""All rows of a large table, a few at a time, so that nobody who writes to it waits long.

A batch is a range of blocks: finding its rows needs no index, and what was done is never looked at again. A batch
that took long is followed by a smaller one.
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
    """Says every two seconds how far it is."""

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
    """Run the statement that `statement` makes of a condition on rows, over all rows; return how many it changed.

    `quiet` keeps triggers from firing: see `may_be_quiet`.
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
    """Run a batch after the other, of as many blocks as the time allows; yield how many blocks are done."""
    first, size = 0, FIRST_BATCH
    while first < total:
        began = time.monotonic()
        batch(first, first + size)
        first += size
        yield first
        fitting = size * AIM / max(time.monotonic() - began, 0.001)
        size = int(min(max(fitting, size / 4, 1), size * 2, LARGEST_BATCH))


def execute(connection: BaseDatabaseWrapper, statement: str, quiet: bool) -> int:
    """Run it so that no trigger changes more than it says; what is set is set back, for there may be more to do."""
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
    """Whether this account may keep triggers of theirs from firing; where not, ours undoes what they do to the row."""
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
    """Return how many blocks the table has, or the largest of its partitions."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, {"oid": place.oid})
        return int(cursor.fetchone()[0])


def about(connection: BaseDatabaseWrapper, place: RoutinePlace) -> int:
    """Return how many rows the table has, from the statistics where there are some."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s", [place.oid])
        known = int(cursor.fetchone()[0])
        if known > 0:
            return known
        cursor.execute(f"SELECT count(*) FROM {place.name}", None)
        return int(cursor.fetchone()[0])
