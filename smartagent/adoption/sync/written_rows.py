"""A trigger of each statement that writes rows of a table, whether Smart Agent created it or not.

    NoteWritten("metric_samples", "late_samples", BODY)

`body` is executed once for each INSERT and each UPDATE, with the rows `written`.
"""

import logging

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import SchemaChange
from smartagent.adoption.routines import Routine, Trigger, find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do
from smartagent.adoption.sync.counts import EACH_STATEMENT, WRITTEN
from smartagent.adoption.sync.sync_changes import DropFunction, MakeCountTrigger, MakeFunction

EVENTS = ("INSERT", "UPDATE")


class NoteWritten(Synchronising):
    """Create the triggers with their function."""

    def __init__(self, table: str, name: str, body: str) -> None:
        self.table = table
        self.routine = Routine(name=f"smartagent_{name}", body=body)
        self.triggers = [
            Trigger(
                name=f"zz_{self.routine.name}_{event.lower()}", timing=f"AFTER {event}", function=self.routine.name,
                level=f"REFERENCING {WRITTEN} {EACH_STATEMENT}",
            )
            for event in EVENTS
        ]  # fmt: skip

    def describe(self) -> str:
        return f"Note the rows written to table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = find_place(connection, self.table)
        if place is None:
            return []
        changes: list[SchemaChange] = []
        if not self.routine.is_the_same(connection):
            changes.append(MakeFunction(name=self.routine.name))
        changes += [
            MakeCountTrigger(name=each.name) for each in self.triggers if not each.is_the_same(connection, place)
        ]
        return changes

    def forwards(self, editor: Editor) -> None:
        place = find_place(editor.connection, self.table)
        by_name = {each.name: each for each in self.triggers}
        for change in self.lacks(editor.connection) if place else []:
            if isinstance(change, MakeFunction):
                do(editor, self.table, change, self.routine.make(editor.connection), level=logging.DEBUG)
            elif isinstance(change, MakeCountTrigger) and place:
                do(editor, self.table, change, [by_name[change.name].create(place)], self.table, logging.DEBUG)

    def backwards(self, editor: Editor) -> None:
        if self.routine.is_there(editor.connection):
            drop = f"DROP FUNCTION {self.routine.signature} CASCADE"
            do(editor, self.table, DropFunction(name=self.routine.name), [drop], self.table)
