"""Triggers that keep columns of both applications in step, whoever writes.

    KeepInStep("notifications", "notification_status", "BEFORE INSERT OR UPDATE", BODY)

The function runs with our rights, for the roles of the old application have none on our tables. Its body must
never make a statement of theirs fail. BEFORE triggers fire in the order of their names: zz_ is the last.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.routines import Routine, RoutinePlace, Trigger, find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do, tell
from smartagent.adoption.sync.sync_changes import DropFunction, DropTrigger, MakeFunction, MakeTrigger

NO_RIGHT = "the database account that migrates has no right to read the table, or to make triggers on it"


def is_readable(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether there is such a table, and we may read it."""
    place = find_place(connection, table)
    return place is not None and place.may_read


class MakeHelper(Synchronising):
    """A function of ours that triggers call, where the table `given` is there, if any; nobody else may call it."""

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
    """A trigger on a table that we did not create, with the function that it calls.

    `table` may say its schema; where it, or the table `given`, is not there, nothing is done.
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
        """The table, where this has something to do."""
        place = find_place(connection, self.table)
        if place is None or place.created:
            return None
        return place if self.given is None or is_readable(connection, self.given) else None

    def routine_for(self, connection: BaseDatabaseWrapper) -> Routine:
        """The function, as this database needs it."""
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
        for change in self.lacks(editor.connection) if place else []:
            if isinstance(change, MakeFunction):
                do(editor, self.table, change, self.routine_for(editor.connection).make(editor.connection))
            elif isinstance(change, MakeTrigger) and place:
                do(editor, self.table, change, [self.trigger.create(place)], self._lockable())
            elif not editor.collect_sql:
                tell(self.table, change)

    def backwards(self, editor: Editor) -> None:
        """On a table that is not ours we may make a trigger, not drop it: it goes with the function that it calls."""
        place = find_place(editor.connection, self.table)
        if place and self.trigger.is_there(editor.connection, place):
            drop = f"DROP FUNCTION {self.routine.signature} CASCADE"
            do(editor, self.table, DropTrigger(name=self.trigger.name), [drop], self._lockable())
        elif self.routine.is_there(editor.connection):
            drop = f"DROP FUNCTION {self.routine.signature}"
            do(editor, self.table, DropFunction(name=self.routine.name), [drop])

    def _lockable(self) -> str | None:
        """The right to a trigger on a table of another schema does not bring the right to lock it."""
        return None if "." in self.table else self.table
