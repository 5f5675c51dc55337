"""Triggers that keep the columns of both applications in sync, whoever writes.

    KeepInStep("notifications", "notification_status", "BEFORE INSERT OR UPDATE", BODY)

The function is SECURITY DEFINER, since the old application's roles have no rights on Smart Agent's tables. Its body
must never make a statement of the old application fail. BEFORE triggers fire in order of name: zz_ comes last.
"""

import logging

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.routines import Routine, RoutinePlace, Trigger, find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do, tell
from smartagent.adoption.sync.sync_changes import DropFunction, DropTrigger, MakeFunction, MakeTrigger

NO_RIGHT = "the database account that migrates has no right to read the table, or to make triggers on it"


def is_readable(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether the table exists and this account may read it."""
    place = find_place(connection, table)
    return place is not None and place.may_read


class MakeHelper(Synchronising):
    """Create a function for triggers, which no other role may execute; only if the table `given` exists, if named."""

    def __init__(
        self, name: str, arguments: tuple[tuple[str, str], ...], returns: str, body: str, *, given: str | None = None
    ) -> None:
        self.given = given
        self.routine = Routine(name=f"smartagent_{name}", arguments=arguments, returns=returns, body=body)

    def describe(self) -> str:
        where = f", where there is a table {self.given} of the old application" if self.given else ""
        return f"Make function {self.routine.name}{where}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        if (self.given and not is_readable(connection, self.given)) or self.routine.is_the_same(connection):
            return []
        return [MakeFunction(name=self.routine.name)]

    def forwards(self, editor: Editor) -> None:
        for change in self.lacks(editor.connection):
            do(editor, self.given or "functions", change, self.routine.make(editor.connection))

    def backwards(self, editor: Editor) -> None:
        if self.routine.is_there(editor.connection):
            drop = f"DROP FUNCTION {self.routine.signature}"
            do(editor, self.given or "functions", DropFunction(name=self.routine.name), [drop])


class KeepInStep(Synchronising):
    """Create a trigger, with its function, on a table that Smart Agent did not create.

    `table` may be `schema.table`. Does nothing if it, or the table `given`, does not exist.
    """

    order = "zz"  # among the triggers of a table

    def __init__(self, table: str, name: str, timing: str, body: str, *, given: str | None = None) -> None:
        self.table = table
        self.given = given
        self.routine = Routine(name=f"smartagent_{name}", body=body)
        self.trigger = Trigger(name=f"{self.order}_smartagent_{name}", timing=timing, function=self.routine.name)

    def describe(self) -> str:
        return f"Keep table {self.table} in step with the old application by trigger {self.trigger.name}"

    def place(self, connection: BaseDatabaseWrapper) -> RoutinePlace | None:
        """Return the table; None if there is no trigger to create on it."""
        place = find_place(connection, self.table)
        if place is None or place.created:
            return None
        return place if self.given is None or is_readable(connection, self.given) else None

    def routine_for(self, connection: BaseDatabaseWrapper) -> Routine:
        """Return the function for this database."""
        return self.routine

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = self.place(connection)
        if place is None:
            return []
        if not (place.may_trigger and place.may_read):
            return [LeaveAlone(what=f"trigger {self.trigger.name}", why=NO_RIGHT)]
        changes: list[SchemaChange] = []
        if not self.routine_for(connection).is_the_same(connection):
            changes.append(MakeFunction(name=self.routine.name))
        if not self.trigger.is_the_same(connection, place):
            changes.append(MakeTrigger(name=self.trigger.name))
        return changes

    def forwards(self, editor: Editor) -> None:
        place = self.place(editor.connection)
        level = logging.DEBUG if place and place.created else logging.INFO
        for change in self.lacks(editor.connection) if place else []:
            if isinstance(change, MakeFunction):
                do(editor, self.table, change, self.routine_for(editor.connection).make(editor.connection), level=level)
            elif isinstance(change, MakeTrigger) and place:
                do(editor, self.table, change, [self.trigger.create(place)], self._lockable(), level)
            elif not editor.collect_sql:
                tell(self.table, change)

    def backwards(self, editor: Editor) -> None:
        """Drop the trigger with its function: only the owner of a table can drop a trigger itself."""
        place = find_place(editor.connection, self.table)
        if place and self.trigger.is_there(editor.connection, place):
            drop = f"DROP FUNCTION {self.routine.signature} CASCADE"
            do(editor, self.table, DropTrigger(name=self.trigger.name), [drop], self._lockable())
        elif self.routine.is_there(editor.connection):
            drop = f"DROP FUNCTION {self.routine.signature}"
            do(editor, self.table, DropFunction(name=self.routine.name), [drop])

    def _lockable(self) -> str | None:
        """Return the table to lock; None for another schema's: the right to create triggers is none to lock."""
        return None if "." in self.table else self.table
