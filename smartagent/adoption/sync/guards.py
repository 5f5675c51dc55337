"""Write protection of added columns, on tables that clients of the old application write."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks
from smartagent.adoption.routines import Routine
from smartagent.adoption.sync.triggers import KeepInStep
from smartagent.adoption.sync.writers import WRITTEN_BY_US

GUARDED_COLUMNS_SQL = """
SELECT quote_ident(attname), coalesce(pg_get_expr(adbin, adrelid), 'NULL'), col_description(attrelid, attnum),
       atttypid = 'uuid'::regtype AND NOT attnotnull
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

BODY = """
DECLARE
    given record := NEW;
BEGIN
    IF {is_ours} THEN
        {ours}
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        {defaults}
    ELSIF {is_row_of_ours} THEN
        SELECT OLD.* INTO NEW;  -- `NEW := OLD` would crash version 15 where a column is newer than the row
        {theirs}
    ELSE
        {kept}
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN  -- what a foreign key refers to is being deleted
        {references}
    END IF;
    {clients}
    RETURN NEW;
END
"""


class GuardColumns(KeepInStep):
    """A trigger that reverts what clients write to added columns, except the `shared` ones, which newer clients know.

    Of Smart Agent's own rows, where the SQL condition `own` on OLD holds, clients can only change the columns `theirs`.
    The guard runs before the triggers that derive added columns from existing ones. `ours` and `clients` are further
    statements, for writes by Smart Agent and by clients.
    """

    order = "zy"

    def __init__(
        self,
        table: str,
        *,
        shared: tuple[str, ...] = (),
        own: str = "false",
        theirs: tuple[str, ...] = (),
        ours: str = "",
        clients: str = "",
    ) -> None:
        super().__init__(table, f"guard_{table}", "BEFORE INSERT OR UPDATE", "")
        self.shared, self.own, self.theirs = shared, own, theirs
        self.ours, self.clients = ours, clients

    def describe(self) -> str:
        return f"Let only us write what we have added to table {self.table}"

    def routine_for(self, connection: BaseDatabaseWrapper) -> Routine:
        columns = self._columns(connection)
        added = [row for row in columns if ownership_marks.is_added(row[2]) and row[0] not in self.shared]
        names = {name for name, *_ in columns}
        body = BODY.format(
            is_ours=WRITTEN_BY_US,
            is_row_of_ours=self.own,
            ours=self.ours,
            clients=self.clients,
            defaults=_statements(f"NEW.{name} := {default};" for name, default, *_ in added),
            kept=_statements(f"NEW.{name} := OLD.{name};" for name, *_ in added),
            theirs=_statements(f"NEW.{name} := given.{name};" for name in self.theirs if name in names),
            references=_statements(
                f"IF given.{name} IS NULL THEN NEW.{name} := NULL; END IF;" for name, _, _, refers in columns if refers
            ),
        )
        return Routine(name=self.routine.name, body=body)

    def _columns(self, connection: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
        place = self.place(connection)
        if place is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(GUARDED_COLUMNS_SQL, [place.oid])
            return list(cursor.fetchall())


def _statements(each: Any) -> str:
    return "\n        ".join(each) or "NULL;"
