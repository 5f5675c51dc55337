"""The migration operation: a table of ours is partitioned by month, and has partitions for the months to come."""

import logging

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from smartagent.adoption.changes import AddPartitions, LeaveAlone, PartitionTable, SchemaChange
from smartagent.adoption.introspection import FoundTable, find_table
from smartagent.adoption.partitions.ahead import NEEDED_AHEAD, make_ahead, missing_months
from smartagent.adoption.partitions.layout import find_layout, is_partitioned
from smartagent.adoption.partitions.months import month_name
from smartagent.adoption.partitions.takeover import take_over
from smartagent.adoption.sync.base import Editor, Synchronising, tell

NOT_OURS = "it was not created by Smart Agent, or its primary key lacks the time"


class PartitionByMonth(Synchronising):
    """Partition a table by month of `column`, which is in its primary key. Backwards, it stays partitioned.

    The same is done by a schedule (`keep_partitioned`), for tables that were made before, and for the months to come.
    """

    def __init__(self, table: str, column: str) -> None:
        self.table, self.column = table, column

    def describe(self) -> str:
        return f"Partition table {self.table} by month"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        partitioned = is_partitioned(connection, self.table)
        if partitioned is None:
            return []  # it is made in this very run
        if not partitioned:
            if _is_fit(find_table(connection, self.table), self.column):
                return [PartitionTable()]
            return [LeaveAlone(what=f"table {self.table} is not partitioned", why=NOT_OURS)]
        missing = missing_months(connection, self.table, timezone.now(), NEEDED_AHEAD)
        names = tuple(f"{self.table}_{month_name(start)}" for start, _ in missing)
        if find_layout(connection, self.table).default is None:
            names = (*names, f"{self.table}_default")
        return [AddPartitions(names=names)] if names else []

    def forwards(self, editor: Editor) -> None:
        if not editor.collect_sql:  # it depends on the rows
            self.keep_partitioned(editor.connection)

    def backwards(self, editor: Editor) -> None:
        """Leave it: a table that we have created is dropped, with its partitions."""

    def keep_partitioned(self, connection: BaseDatabaseWrapper) -> None:
        """Partition the table where it is not, and make the months ahead."""
        now = timezone.now()
        for change in self.lacks(connection):
            if isinstance(change, LeaveAlone):
                tell(self.table, change)
                return
            if isinstance(change, PartitionTable):
                had_rows = take_over(connection, self.table, self.column, now)
                tell(self.table, change, logging.INFO if had_rows else logging.DEBUG)
        if is_partitioned(connection, self.table):
            make_ahead(connection, self.table, self.column, now)


def _is_fit(table: FoundTable | None, column: str) -> bool:
    keyed = table is not None and any(index.primary and column in index.columns for index in table.indexes)
    return table is not None and table.created and keyed
