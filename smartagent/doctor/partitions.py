"""Checks of tables that are partitioned by month: rows beyond all months, and months that should have been dropped.

Missing partitions are what the migration's operation lacks: `smartagent.doctor.triggers.check_step` reports them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.partitions.layout import Layout, find_layout
from smartagent.adoption.partitions.months import month_of
from smartagent.adoption.partitions.operation import PartitionByMonth
from smartagent.doctor.findings import Finding, warning
from smartagent.doctor.migrations import Migrated
from smartagent.kernel.formats import counted

MAX_COUNTED_ROWS = 1000
DROPPING_GRACE = timedelta(days=2)  # the schedule drops months once a day
CLOCKS = (
    "Set the clocks of the programs that send samples, and delete what is wrong. A month that is made later takes its "
    "rows."
)
SCHEDULE = "The schedule “sample storage” drops them once a day: see why it did not, in the log of the worker."
COUNT_SQL = "SELECT count(*) FROM (SELECT FROM {table} LIMIT %s) AS counted"


def check_partitions(connection: BaseDatabaseWrapper, migrated: Migrated, now: datetime) -> Iterator[Finding]:
    """Rows in default partitions, and months that are older than SAMPLES_KEEP_DAYS."""
    for operation in migrated.synchronising():
        if isinstance(operation, PartitionByMonth):
            layout = find_layout(connection, operation.table)
            yield from _beyond_months(connection, operation.table, layout)
            yield from _not_dropped(operation.table, layout, now)


def _beyond_months(connection: BaseDatabaseWrapper, table: str, layout: Layout) -> Iterator[Finding]:
    if layout.default is None or layout.until is None:
        return
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(layout.default.name)
        cursor.execute(COUNT_SQL.format(table=name), [MAX_COUNTED_ROWS + 1])
        rows = cursor.fetchone()[0]
    if rows:
        found = f"more than {MAX_COUNTED_ROWS:,} rows" if rows > MAX_COUNTED_ROWS else counted(rows, "row")
        problem = f"The default partition {layout.default.name} has {found}, of times from {layout.until:%Y-%m-%d} on."
        yield warning(table, problem, CLOCKS)


def _not_dropped(table: str, layout: Layout, now: datetime) -> Iterator[Finding]:
    if settings.SAMPLES_KEEP_DAYS <= 0:
        return
    before = month_of(now - DROPPING_GRACE - timedelta(days=settings.SAMPLES_KEEP_DAYS))
    names = [each.name for each in layout.ended_by(before) if each.start is not None]
    if names:
        problem = f"Months older than SAMPLES_KEEP_DAYS were not dropped: {', '.join(names)}."
        yield warning(table, problem, SCHEDULE)
