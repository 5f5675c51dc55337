"""The scheduled work on stored samples, daily and hourly.

Daily: 1. a table that is not partitioned yet becomes so, while others use it; 2. partitions of the months ahead are
made; 3. what exceeds the retention is dropped; 4. the planner gets to know the tables as a whole, which autovacuum
never does. Hourly: samples are rolled up.
"""

from datetime import datetime

from django.db import connection

from rules.storage.deletions import log_deletion
from rules.storage.retention import FINE_ROLLUPS, SAMPLES, forget_rollups, forget_samples
from rules.storage.rollups import roll_up
from smartagent.adoption.partitions.operation import PartitionByMonth
from smartagent.kernel.formats import counted
from smartagent.kernel.row_export import ExportFailed, row_export
from smartagent.kernel.session_lock import alone

KEPT_BY_MONTH = (PartitionByMonth(SAMPLES, "observed_at"), PartitionByMonth(FINE_ROLLUPS, "ended_at"))
STORAGE_LOCK, ROLLING_LOCK = 0x5A9E19, 0x5A9E21  # any numbers, the same for every process of this database
BUSY = "Another process is at it."


def keep_storage(now: datetime) -> str:
    """Do the work of a day; return what was done, in words."""
    with alone(STORAGE_LOCK) as free:
        if not free:
            return BUSY
        for operation in KEPT_BY_MONTH:
            operation.keep_partitioned(connection)
        dropped, deleted = _forget(now)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {SAMPLES}, {FINE_ROLLUPS}")
    return f"{counted(len(dropped), 'month')} dropped, {counted(deleted, 'sample')} deleted"


def _forget(now: datetime) -> tuple[list[str], int]:
    export, dropped, deleted, rolled, failure = row_export(now), list[str](), 0, 0, ""
    try:
        dropped, deleted = forget_samples(now, export)
        rolled = forget_rollups(now, export)
    except ExportFailed as error:
        failure = str(error)
    counts = {"months of samples": len(dropped), "samples": deleted, "roll-ups": rolled}
    log_deletion(counts, export, now, failure)
    return dropped, deleted


def keep_rollups(now: datetime) -> str:
    """Do the work of an hour; return what was done, in words."""
    with alone(ROLLING_LOCK) as free:
        if not free:
            return BUSY
        until, late = roll_up(now)
    return f"rolled up until {until:%Y-%m-%d %H:%M}, {counted(late, 'hour')} again"
