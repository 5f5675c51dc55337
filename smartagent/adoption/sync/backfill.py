"""Backfill of added columns in the rows of the old application.

    Backfill("notifications", "notification_status",
             {"status": Fill("CASE WHEN it.is_read THEN 'read' ELSE 'unread' END",
                             where="it.status = 'unread'")},
             needs=("is_read",), what="status of old rows")

The trigger of the same name (`KeepInStep`) exists by then and fills later rows. Only added columns are filled, and
existing ones with a `Fill` that is `of_theirs`, whose `where` selects NULLs only; backwards, `empties` (a condition by
column) selects the values to set to NULL again. Expressions name the row `it`. Rows that have their value are skipped,
so an interrupted run is continued by the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.changes import SchemaChange
from smartagent.adoption.introspection import WORDS, FoundTable, find_table
from smartagent.adoption.routines import RoutinePlace, find_place
from smartagent.adoption.sync import batches
from smartagent.adoption.sync.backfill_marks import is_done, remember
from smartagent.adoption.sync.base import Editor, Synchronising, logger, show, tell
from smartagent.adoption.sync.sync_changes import EmptyRows, FillRows


@dataclass(frozen=True)
class Fill:
    """The value of a column as SQL, for rows in which `where` holds."""

    value: str
    where: str
    of_theirs: bool = False

    def may_fill(self, found: FoundTable, name: str) -> bool:
        """Whether the column may be filled: an added one, or with `of_theirs` an existing one of a text type."""
        column = found.column(name)
        theirs = found.is_theirs(name)
        return not theirs or (self.of_theirs and column is not None and column.type in WORDS)


class Backfill(Synchronising):
    """Fill added columns of existing rows, in batches. `needs`: columns of the old application that are read."""

    def __init__(
        self,
        table: str,
        name: str,
        fills: Mapping[str, Fill],
        *,
        needs: tuple[str, ...] = (),
        empties: Mapping[str, str] | None = None,
        what: str,
    ) -> None:
        self.table = table
        self.trigger = f"zz_smartagent_{name}"
        self.fills = fills
        self.needs = needs
        self.empties = empties or {}
        self.what = what

    def describe(self) -> str:
        return f"Fill in {self.what} in table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place, fills = self._fillable(connection)
        if place is None or not fills:
            return []
        rows = self._left(connection, fills) if self._is_ready(connection) else batches.about(connection, place)
        return [FillRows(what=self.what, rows=rows)] if rows else []

    def forwards(self, editor: Editor) -> None:
        place, fills = self._fillable(editor.connection)
        if place is None or not fills:
            return
        if editor.collect_sql:
            show(editor, FillRows(what=self.what, rows=batches.about(editor.connection, place)))
            editor.execute(self._update(fills, "true"), params=None)
        elif self._is_ready(editor.connection):
            self._fill(editor.connection, place, fills)
            remember(editor, place, self.trigger, fills)

    def backwards(self, editor: Editor) -> None:
        """Set to NULL what was filled into existing columns; added columns are dropped with their values."""
        found, place = find_table(editor.connection, self.table), find_place(editor.connection, self.table)
        if found is None or place is None or found.created or not self._is_ready(editor.connection):
            return
        theirs = {name: where for name, where in self.empties.items() if found.is_theirs(name)}
        if not theirs:
            return
        update = partial(self._empty, theirs)
        if editor.collect_sql:
            editor.execute(update("true"), params=None)
            return
        quiet = batches.may_be_quiet(editor.connection)
        if emptied := batches.run(editor.connection, place, self.what, update, quiet=quiet):
            tell(self.table, EmptyRows(what=self.what, rows=emptied))

    def _empty(self, columns: Mapping[str, str], rows: str) -> str:
        values = ", ".join(
            f"{name} = CASE WHEN {where} THEN NULL ELSE it.{name} END" for name, where in columns.items()
        )
        filled = " OR ".join(f"({where})" for where in columns.values())
        return f"UPDATE {self.table} it SET {values} WHERE {rows} AND ({filled})"

    def _fill(self, connection: BaseDatabaseWrapper, place: RoutinePlace, fills: Mapping[str, Fill]) -> None:
        """Fill the rows in passes until none is left: rows that others update meanwhile move to other blocks."""
        filled, left = 0, self._left(connection, fills)
        quiet = bool(left) and batches.may_be_quiet(connection)
        while left:
            update = partial(self._update, fills)
            filled += batches.run(connection, place, self.what, update, quiet=quiet)
            before, left = left, self._left(connection, fills)
            if left >= before:
                logger.warning("%s: %s: something keeps %d rows as they are", self.table, self.what, left)
                break
        if filled:
            tell(self.table, FillRows(what=self.what, rows=filled))

    def _fillable(self, connection: BaseDatabaseWrapper) -> tuple[RoutinePlace | None, dict[str, Fill]]:
        """Return the table and the columns to fill; (None, {}) if it was created here, lacks `needs`, or is done."""
        found, place = find_table(connection, self.table), find_place(connection, self.table)
        if found is None or place is None or found.created or not all(found.column(name) for name in self.needs):
            return None, {}
        fills = {name: fill for name, fill in self.fills.items() if fill.may_fill(found, name)}
        return (None, {}) if is_done(connection, place, self.trigger, fills) else (place, fills)

    def _is_ready(self, connection: BaseDatabaseWrapper) -> bool:
        found = find_table(connection, self.table)
        return found is not None and all(found.column(name) for name in self.fills)

    def _left(self, connection: BaseDatabaseWrapper, fills: Mapping[str, Fill]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table} it WHERE {condition(fills)}", None)
            return int(cursor.fetchone()[0])

    def _update(self, fills: Mapping[str, Fill], rows: str) -> str:
        values = ", ".join(
            f"{name} = CASE WHEN {fill.where} THEN {fill.value} ELSE it.{name} END" for name, fill in fills.items()
        )
        return f"UPDATE {self.table} it SET {values} WHERE {rows} AND ({condition(fills)})"


def condition(fills: Mapping[str, Fill]) -> str:
    """Return the SQL condition of rows that lack one of the values."""
    return " OR ".join(
        f"(({fill.where}) AND it.{name} IS DISTINCT FROM ({fill.value}))" for name, fill in fills.items()
    )
