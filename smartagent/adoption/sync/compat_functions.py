"""Functions that clients of the old application call, created if they do not exist.

Does nothing without `auth.uid()`, which returns the id of the caller. An existing function is left as it is.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks
from smartagent.adoption.changes import SchemaChange
from smartagent.adoption.routines import Routine, known_roles
from smartagent.adoption.sync.base import Editor, Synchronising, do
from smartagent.adoption.sync.sync_changes import DropFunction, MakeFunction

# Anonymous callers are nobody whose rows these could be.
CALLERS = ("authenticated", "service_role")

IS_USED_SQL = """SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
              WHERE nspname = 'auth' AND proname = 'uid' AND pronargs = 0"""
FUNCTION_COMMENT_SQL = "SELECT obj_description(to_regprocedure(%s), 'pg_proc')"


class OfferFunction(Synchronising):
    """Create a function that signed-in people may call."""

    def __init__(self, name: str, arguments: tuple[tuple[str, str], ...], returns: str, body: str) -> None:
        self.routine = Routine(name=name, arguments=arguments, returns=returns, body=body, callers=CALLERS)

    def describe(self) -> str:
        return f"Offer function {self.routine.name}, where the old application asks for such"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        if not self._is_wanted(connection):
            return []
        if self.routine.is_there(connection):
            as_it_should = not self._is_ours(connection) or self.routine.is_the_same(connection)
            return [] if as_it_should else [MakeFunction(name=self.routine.name)]
        return [MakeFunction(name=self.routine.name)]

    def forwards(self, editor: Editor) -> None:
        for change in self.lacks(editor.connection):
            do(editor, "functions", change, self._statements(editor))

    def backwards(self, editor: Editor) -> None:
        if self._is_ours(editor.connection):
            drop = f"DROP FUNCTION {self.routine.signature}"
            do(editor, "functions", DropFunction(name=self.routine.name), [drop])

    def _statements(self, editor: Editor) -> list[str]:
        callers = ", ".join(known_roles(editor.connection, CALLERS))
        function = f"FUNCTION {self.routine.signature}"
        mark = editor.quote_value(ownership_marks.marked(None, ownership_marks.ADDED))
        return [
            *self.routine.make(editor.connection),
            *([f"GRANT EXECUTE ON {function} TO {callers}"] if callers else []),
            f"COMMENT ON {function} IS {mark}",
        ]

    def _is_wanted(self, connection: BaseDatabaseWrapper) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(IS_USED_SQL)
            return cursor.fetchone() is not None

    def _is_ours(self, connection: BaseDatabaseWrapper) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(FUNCTION_COMMENT_SQL, [self.routine.signature])
            return ownership_marks.is_added(cursor.fetchone()[0])
