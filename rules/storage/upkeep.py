"""The daily work on stored samples.

1. A table that is not partitioned yet becomes so, while others use it; 2. partitions of the months ahead are made;
3. what exceeds the retention is dropped; 4. the planner gets to know the table as a whole, which autovacuum never does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from rules.storage.retention import SAMPLES, forget_samples
from smartagent.adoption.partitions.operation import PartitionByMonth
from smartagent.kernel.formats import counted

UPKEEP_LOCK = 0x5A9E19  # any number, the same for every upkeep of this database
BUSY = "Another process is at it."


def keep_storage(now: datetime) -> str:
    """Do the work of a day; return what was done, in words."""
    with _alone() as free:
        if not free:
            return BUSY
        PartitionByMonth(SAMPLES, "observed_at").keep_partitioned(connection)
        dropped, deleted = forget_samples(now)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {SAMPLES}")
    return f"{counted(len(dropped), 'month')} dropped, {counted(deleted, 'sample')} deleted"


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [UPKEEP_LOCK])
        free = bool(cursor.fetchone()[0])
        try:
            yield free
        finally:
            if free:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [UPKEEP_LOCK])
