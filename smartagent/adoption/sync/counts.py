"""Counts of the rows of a table, which triggers keep up to date, whoever writes.

    KeepCounts("agent_activity_log", "entry_counts", BODY, [RECOUNT], needs=("created_at",), what="activity entries")

`body` is executed once for each statement, with the rows `written` and `gone`. `recount` are the statements that add
what the counts lack; a comment on the first trigger records that they were run since the triggers are there.
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.introspection import find_table
from smartagent.adoption.routines import Routine, RoutinePlace, Trigger, find_place
from smartagent.adoption.sync import batches
from smartagent.adoption.sync.backfill_marks import is_done, remember
from smartagent.adoption.sync.base import Editor, Synchronising, do, tell
from smartagent.adoption.sync.sync_changes import CountRows, DropFunction, DropTrigger, MakeCountTrigger, MakeFunction
from smartagent.adoption.sync.triggers import NO_RIGHT

WRITTEN, GONE = "NEW TABLE AS written", "OLD TABLE AS gone"
# The rows that PostgreSQL shows to a trigger of a statement; all of them for an update, in its order.
SEEN_ROWS = {"INSERT": WRITTEN, "DELETE": GONE, "UPDATE": f"{GONE} {WRITTEN}", "TRUNCATE": ""}
EACH_STATEMENT = "FOR EACH STATEMENT"


class KeepCounts(Synchronising):
    """Create the triggers with their function, also on a table that Smart Agent created, and count what is there."""

    def __init__(
        self, table: str, name: str, body: str, recount: Sequence[str], *, needs: tuple[str, ...], what: str
    ) -> None:
        self.table = table
        self.recount = recount
        self.needs = needs
        self.what = what
        self.routine = Routine(name=f"smartagent_{name}", body=body)
        self.triggers = [
            Trigger(
                name=f"zz_{self.routine.name}_{event.lower()}", timing=f"AFTER {event}", function=self.routine.name,
                level=f"REFERENCING {rows} {EACH_STATEMENT}" if rows else EACH_STATEMENT,
            )
            for event, rows in SEEN_ROWS.items()
        ]  # fmt: skip

    def describe(self) -> str:
        return f"Keep counts of the rows of table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = find_place(connection, self.table)
        if place is None:
            return []
        if not (place.may_trigger and place.may_read):
            return [LeaveAlone(what=f"counts of {self.what}", why=NO_RIGHT)]
        changes: list[SchemaChange] = []
        if not self.routine.is_the_same(connection):
            changes.append(MakeFunction(name=self.routine.name))
        changes += [
            MakeCountTrigger(name=each.name) for each in self.triggers if not each.is_the_same(connection, place)
        ]
        rows = batches.about(connection, place)
        if rows and (changes or not self._is_counted(connection, place)):
            changes.append(CountRows(what=self.what, rows=rows))
        return changes

    def forwards(self, editor: Editor) -> None:
        """Make what lacks, where the columns are there by now; a dry run leaves out those that are yet to come."""
        place, changes = find_place(editor.connection, self.table), self.lacks(editor.connection)
        if changes and (why := self._lacking_columns(editor.connection)):
            changes = [LeaveAlone(what=f"counts of {self.what}", why=why)]
        by_name = {each.name: each for each in self.triggers}
        level = logging.DEBUG if place and place.created else logging.INFO
        for change in changes if place else []:
            if isinstance(change, MakeFunction):
                do(editor, self.table, change, self.routine.make(editor.connection), level=level)
            elif isinstance(change, MakeCountTrigger) and place:
                do(editor, self.table, change, [by_name[change.name].create(place)], self.table, level)
            elif isinstance(change, LeaveAlone) and not editor.collect_sql:
                tell(self.table, change)
        counts = [change for change in changes if isinstance(change, CountRows)]
        if place and not any(isinstance(change, LeaveAlone) for change in changes):
            self._count(editor, place, counts)

    def backwards(self, editor: Editor) -> None:
        """Drop the triggers with their function: only the owner of a table can drop a trigger itself."""
        place = find_place(editor.connection, self.table)
        drop = f"DROP FUNCTION {self.routine.signature}"
        if place and any(each.is_there(editor.connection, place) for each in self.triggers):
            do(editor, self.table, DropTrigger(name=self.routine.name), [f"{drop} CASCADE"], self.table)
        elif self.routine.is_there(editor.connection):
            do(editor, self.table, DropFunction(name=self.routine.name), [drop])

    def _count(self, editor: Editor, place: RoutinePlace, changes: list[CountRows]) -> None:
        for change in changes:
            if editor.collect_sql:
                do(editor, self.table, change, self.recount)
                continue
            with transaction.atomic(editor.connection.alias), editor.connection.cursor() as cursor:
                for statement in self.recount:
                    cursor.execute(statement)
            tell(self.table, change)
        first = self.triggers[0].name
        if not editor.collect_sql and not is_done(editor.connection, place, first):
            remember(editor, place, first)

    def _is_counted(self, connection: BaseDatabaseWrapper, place: RoutinePlace) -> bool:
        return is_done(connection, place, self.triggers[0].name)

    def _lacking_columns(self, connection: BaseDatabaseWrapper) -> str:
        found = find_table(connection, self.table)
        lacking = [name for name in self.needs if found is None or not found.column(name)]
        return f"the table lacks {', '.join(lacking)}" if lacking else ""
