"""Storage settings of a table: room on each page for new versions of its rows, and how soon autovacuum looks at it.

    TuneStorage("rule_states", fillfactor=80, autovacuum_vacuum_scale_factor=0.05)

Only of tables that Smart Agent created, and only what nobody has set: an administrator's settings stay.
"""

import logging
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import SHARE_UPDATE_EXCLUSIVE, LeaveAlone, SchemaChange
from smartagent.adoption.routines import find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do, tell

FOUND_SQL = """
SELECT relkind = 'r', pg_has_role(current_user, relowner, 'USAGE'), coalesce(reloptions, '{}')
  FROM pg_class WHERE oid = %s
"""


@dataclass(frozen=True, kw_only=True)
class SetStorage(SchemaChange):
    lock = SHARE_UPDATE_EXCLUSIVE

    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return f"storage settings {', '.join(self.parameters)}"


class TuneStorage(Synchronising):
    """Set storage parameters of a table, by their names in PostgreSQL."""

    def __init__(self, table: str, **parameters: float) -> None:
        self.table, self.parameters = table, parameters

    def describe(self) -> str:
        return f"Set storage parameters of table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = find_place(connection, self.table)
        if place is None or not place.created:
            return []
        with connection.cursor() as cursor:
            cursor.execute(FOUND_SQL, [place.oid])
            is_table, is_owned, options = cursor.fetchone()
        there = {option.partition("=")[0] for option in options}
        lacking = tuple(f"{name}={value}" for name, value in self.parameters.items() if name not in there)
        if not (is_table and lacking):
            return []
        if not is_owned:
            return [LeaveAlone(what="storage settings", why="the table belongs to another account of the database")]
        return [SetStorage(parameters=lacking)]

    def forwards(self, editor: Editor) -> None:
        place = find_place(editor.connection, self.table)
        for change in self.lacks(editor.connection):
            if isinstance(change, SetStorage) and place:
                statement = f"ALTER TABLE {place.name} SET ({', '.join(change.parameters)})"
                do(editor, self.table, change, [statement], level=logging.DEBUG)
            else:
                tell(self.table, change)

    def backwards(self, editor: Editor) -> None:
        """Nothing: the tables are dropped with what created them."""
