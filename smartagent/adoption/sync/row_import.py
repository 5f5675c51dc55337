"""Copies of the old application's rows in a table of Smart Agent.

    Feed("fusion_score_history", "score_history", "INSERT INTO metric_samples ... WHERE {rows} ...", ...)

The trigger that copies new rows (`KeepInStep`) exists by then. Its comment records that the old rows are copied: rows
deleted from the copy afterwards do not come back.
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
    """Copy existing rows in batches. `insert`: idempotent SQL with `{rows}` as the condition of a batch.

    With `at_once` one statement copies all rows; a feed in batches with the same trigger follows, and marks both as
    finished.
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
        """Leave the copies: they are dropped with their table."""

    def _copy_at_once(self, editor: Editor, place: RoutinePlace) -> None:
        with transaction.atomic(editor.connection.alias):
            copied = batches.execute(editor.connection, self._insert("true"), False)
        if copied or batches.about(editor.connection, place):
            tell(self.table, CopyRows(what=self.what, rows=copied))

    def _insert(self, rows: str) -> str:
        return self.insert.replace("{rows}", rows)

    def _uncopied(self, connection: BaseDatabaseWrapper) -> RoutinePlace | None:
        """Return the table; None if it does not exist, lacks a column of `needs`, or is copied already."""
        found, place = find_table(connection, self.table), find_place(connection, self.table)
        if found is None or place is None or not all(found.column(name) for name in self.needs):
            return None
        return None if is_done(connection, place, self.trigger) else place
