"""Rows of a table of theirs that become rows of one of ours.

    Feed("fusion_score_history", "score_history", "INSERT INTO metric_samples ... WHERE {rows} ...", ...)

The trigger that copies the new rows is there before (`KeepInStep`), and remembers in its comment that the old ones are
copied: what we delete afterwards does not come back.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import SchemaChange
from smartagent.adoption.introspection import find_table
from smartagent.adoption.routines import RoutinePlace, find_place
from smartagent.adoption.sync import batches
from smartagent.adoption.sync.backfill_marks import is_done, remember
from smartagent.adoption.sync.base import Editor, Synchronising, show, tell
from smartagent.adoption.sync.sync_changes import CopyRows


class Feed(Synchronising):
    """Copy the old rows in batches: `insert` says how, with `{rows}` for which. A row copied twice must be one.

    What needs all rows of others is copied `at_once`, reading only; a feed in batches by the same trigger follows it,
    and remembers for both.
    """

    def __init__(
        self, table: str, name: str, insert: str, *, needs: tuple[str, ...] = (), what: str, at_once: bool = False
    ) -> None:
        self.table = table
        self.trigger = f"zz_smartagent_{name}"
        self.insert = insert
        self.needs = needs
        self.what = what
        self.at_once = at_once

    def describe(self) -> str:
        return f"Copy {self.what} from table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = self._uncopied(connection)
        rows = batches.about(connection, place) if place else 0
        return [CopyRows(what=self.what, rows=rows)] if rows else []

    def forwards(self, editor: Editor) -> None:
        place = self._uncopied(editor.connection)
        if place is None:
            return
        if editor.collect_sql:
            show(editor, CopyRows(what=self.what, rows=batches.about(editor.connection, place)))
            editor.execute(self._insert("true"), params=None)
            return
        if self.at_once:
            self._copy_at_once(editor, place)
            return
        copied = batches.run(editor.connection, place, self.what, self._insert)
        remember(editor, place, self.trigger)
        if copied:
            tell(self.table, CopyRows(what=self.what, rows=copied))

    def backwards(self, editor: Editor) -> None:
        """The copies go with their table."""

    def _copy_at_once(self, editor: Editor, place: RoutinePlace) -> None:
        with transaction.atomic(editor.connection.alias):
            copied = batches.execute(editor.connection, self._insert("true"), False)
        if copied or batches.about(editor.connection, place):
            tell(self.table, CopyRows(what=self.what, rows=copied))

    def _insert(self, rows: str) -> str:
        return self.insert.replace("{rows}", rows)

    def _uncopied(self, connection: BaseDatabaseWrapper) -> RoutinePlace | None:
        """The table, where it is theirs, has what is needed, and was not yet copied to the end."""
        found, place = find_table(connection, self.table), find_place(connection, self.table)
        if found is None or place is None or not all(found.column(name) for name in self.needs):
            return None
        return None if is_done(connection, place, self.trigger) else place
