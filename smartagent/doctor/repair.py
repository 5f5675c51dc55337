"""Safe repairs: what is missing is created, as `migrate` would. No table, column or row is dropped.

1. Schedules are set; 2. missing tables are created, with their initial rows; 3. tables get missing columns, constraints
and indexes; 4. functions, triggers, rows and people are synchronized again; 5. tables of Smart Agent are closed to web
roles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.management.sql import emit_post_migrate_signal
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django_q.models import Schedule

from smartagent.adoption import table_grants
from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.operations import attempt_all, create, log, whole
from smartagent.adoption.preview.obstacles import find_obstacles
from smartagent.adoption.statements import Writer
from smartagent.adoption.sync.base import Synchronising
from smartagent.doctor.migrations import Migrated
from smartagent.doctor.tables import Examined, examine_tables
from smartagent.doctor.triggers import subject_of
from smartagent.kernel import schema_drift
from smartagent.kernel.own_session import own_session
from smartagent.setup import schedules

REPAIR_LOCK = 0x5A9E1A  # any number, the same for every repair of this database


class AlreadyRepairing(Exception):
    """This database is being repaired by another process. Look again in a moment."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass
class Repairs:
    """The repairs made, and those that existing rows prevented; one line each."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@own_session()
def repair(connection: BaseDatabaseWrapper) -> Repairs:
    """Make all safe repairs; AlreadyRepairing where another process holds the lock."""
    repairs = Repairs()
    if blind := [each for each in find_obstacles(connection) if each.blinding]:
        # Hidden rows would be created a second time.
        repairs.refused += map(str, blind)
        return repairs
    with _alone(connection):
        migrated = Migrated(connection)
        _set_schedules(connection, repairs)
        with connection.schema_editor(atomic=False) as editor:
            _make_tables(editor, migrated, repairs)
            for table in examine_tables(connection, migrated):
                _complete(editor, table, repairs)
            for operation in migrated.synchronising():
                _synchronise(editor, operation, repairs)
        _close_off(connection, repairs)
    schema_drift.forget()
    return repairs


@contextmanager
def _alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [REPAIR_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRepairing
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [REPAIR_LOCK])


def _make_tables(editor: BaseDatabaseSchemaEditor, migrated: Migrated, repairs: Repairs) -> None:
    """Create missing tables, referenced ones first: repeated until no more can be created."""
    tables = examine_tables(editor.connection, migrated)
    lost = [table for table in tables if table.expected and table.found is None and not table.in_the_way]
    for table in _in_order(lost):
        _make_table(editor, table)
        repairs.done.append(f"{table.name}: table created")
    if lost:
        # Content types, permissions and groups are created by the signal post_migrate.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=editor.connection.alias)


def _make_table(editor: BaseDatabaseSchemaEditor, table: Examined) -> None:
    """Create this table only: Django would also create those of its many-to-many relations, which may exist."""
    if table.model._meta.app_label in table_grants.SHARED:
        create(editor, table.model)
        return

    def work() -> None:
        before = len(editor.deferred_sql)
        sql, params = editor.table_sql(table.model)
        statements = [(sql, params or None)]
        indexes = editor._model_indexes_sql(table.model)  # type: ignore[attr-defined]
        statements += [(each, None) for each in (*editor.deferred_sql[before:], *indexes)]
        del editor.deferred_sql[before:]
        for statement, values in statements:
            editor.execute(statement, params=values)

    whole(editor, f"table {table.name} created", work)


def _in_order(tables: list[Examined]) -> Iterator[Examined]:
    """Sort the tables: referenced ones first."""
    left = {table.model: table for table in tables}
    while left:
        free = [model for model in left if not any(each in left and each is not model for each in _referred(model))]
        for model in free or list(left):
            yield left.pop(model)


def _referred(model: type) -> list[type]:
    fields = model._meta.local_concrete_fields  # type: ignore[attr-defined]
    return [each.remote_field.model for each in fields if each.remote_field and each.db_constraint]


def _complete(editor: BaseDatabaseSchemaEditor, table: Examined, repairs: Repairs) -> None:
    """Add what the table lacks, unless an index is being built on it right now."""
    if not table.expected or table.found is None or table.being_built:
        return
    writer = Writer(editor, table.model)
    for change in table.due:
        refusal = attempt_all(editor, table.name, change, writer.steps(change))
        log(table.name, change, refusal)
        if refusal:
            repairs.refused.append(f"{table.name}: {refusal}")
        else:
            repairs.done.append(f"{table.name}: {change}")


def _synchronise(editor: BaseDatabaseSchemaEditor, operation: Synchronising, repairs: Repairs) -> None:
    """Do what the operation lacks; record what it no longer lacks."""
    due = _due(editor, operation)
    if not due:
        return
    operation.forwards(editor)
    left = {type(each) for each in _due(editor, operation)}
    for change in due:
        lines = repairs.refused if type(change) in left else repairs.done
        lines.append(f"{subject_of(operation)}: {change}{', not all' if type(change) in left else ''}")


def _due(editor: BaseDatabaseSchemaEditor, operation: Synchronising) -> list[SchemaChange]:
    return [each for each in operation.lacks(editor.connection) if not isinstance(each, LeaveAlone)]


def _set_schedules(connection: BaseDatabaseWrapper, repairs: Repairs) -> None:
    """Set the schedules; where their table is missing, it is created with them."""
    if any(each.table == Schedule._meta.db_table for each in schema_drift.look()):
        return
    lacking = schedules.lacking(connection.alias)
    if lacking:
        schedules.synchronise(connection.alias)
        repairs.done += [f"schedules: {name} set" for name in lacking]


def _close_off(connection: BaseDatabaseWrapper, repairs: Repairs) -> None:
    open_to_all = table_grants.exposed(connection)
    table_grants.close_off(connection.alias)
    repairs.done += [f"{name}: taken from {roles}" for name, _, roles in open_to_all]
