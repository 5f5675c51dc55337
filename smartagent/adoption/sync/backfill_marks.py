"""Marks of finished backfills, as comments on their triggers.

A mark holds the numbers of the columns: one that was dropped and added again has a new number, and is filled again.
"""

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks
from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.routines import RoutinePlace
from smartagent.adoption.sync.base import Editor

BACKFILL_DONE = "old rows done"

TRIGGER_COMMENT_SQL = "SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgrelid = %s AND tgname = %s"
COLUMN_NUMBERS_SQL = """SELECT string_agg(attname || ' ' || attnum, ', ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = %s AND attname = ANY(%s) AND NOT attisdropped"""


def is_done(connection: BaseDatabaseWrapper, place: RoutinePlace, trigger: str, columns: Iterable[str] = ()) -> bool:
    """Whether an earlier run finished the backfill of these columns."""
    comment = _comment(connection, place, trigger)
    return comment is not None and ownership_marks.entry(comment[0]) == _entry(connection, place, columns)


def remember(editor: Editor, place: RoutinePlace, trigger: str, columns: Iterable[str] = ()) -> None:
    """Mark the backfill of these columns as finished; does nothing if the trigger does not exist."""
    if _comment(editor.connection, place, trigger) is None:
        return
    mark = editor.quote_value(ownership_marks.marked(None, _entry(editor.connection, place, columns)))
    comment = f"COMMENT ON TRIGGER {trigger} ON {place.name} IS {mark}"
    patiently(editor.connection, f"{place.name}: old rows", lambda: editor.execute(comment, params=None))


def _comment(connection: BaseDatabaseWrapper, place: RoutinePlace, trigger: str) -> tuple[str | None] | None:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGER_COMMENT_SQL, [place.oid, trigger])
        row: tuple[str | None] | None = cursor.fetchone()
        return row


def _entry(connection: BaseDatabaseWrapper, place: RoutinePlace, columns: Iterable[str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(COLUMN_NUMBERS_SQL, [place.oid, list(columns)])
        numbers = cursor.fetchone()[0]
    return f"{BACKFILL_DONE}: {numbers}" if numbers else BACKFILL_DONE
