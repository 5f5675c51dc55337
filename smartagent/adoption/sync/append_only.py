"""Triggers on a table that only grows, whoever created it and whoever writes.

KeepAppendOnly("agent_activity_log", "entry_changes", "BEFORE UPDATE", BODY)
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import LeaveAlone
from smartagent.adoption.introspection import find_table
from smartagent.adoption.routines import RoutinePlace, Trigger, find_place
from smartagent.adoption.sync.base import Editor, tell
from smartagent.adoption.sync.triggers import KeepInStep


class KeepAppendOnly(KeepInStep):
    """Create a trigger, with its function, also on a table that Smart Agent created; it reads the columns `needs`."""

    def __init__(
        self, table: str, name: str, timing: str, body: str, *, level: str = "FOR EACH ROW", needs: tuple[str, ...] = ()
    ) -> None:
        super().__init__(table, name, timing, body)
        self.needs = needs
        self.trigger = Trigger(name=self.trigger.name, timing=timing, function=self.routine.name, level=level)

    def describe(self) -> str:
        return f"Keep table {self.table} append-only by trigger {self.trigger.name}"

    def place(self, connection: BaseDatabaseWrapper) -> RoutinePlace | None:
        return find_place(connection, self.table)

    def forwards(self, editor: Editor) -> None:
        """Make what lacks, where the columns are there by now: a trigger must not make others' statements fail."""
        found = find_table(editor.connection, self.table)
        lacking = [name for name in self.needs if found is None or not found.column(name)]
        if lacking and not editor.collect_sql:
            why = f"the table lacks {', '.join(lacking)}"
            tell(self.table, LeaveAlone(what=f"trigger {self.trigger.name}", why=why))
            return
        super().forwards(editor)
