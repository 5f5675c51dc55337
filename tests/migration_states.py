"""The states between the operations of migrations, made once a process: making them takes half the time of a migration.

They follow from the migrations alone; what an operation does to the database is done each time.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.transaction import atomic

Editor = BaseDatabaseSchemaEditor
# What has been applied, in the order in which it was. A state that has one in `origin` was changed by nothing else.
Origin = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """An operation with the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


class MigrationStates:
    """The steps of each migration, by what was applied before it, and the state at its end."""

    def __init__(self) -> None:
        self.known: dict[Origin, tuple[list[Step], Any]] = {}
        self.migrate_all_forwards = MigrationExecutor._migrate_all_forwards
        self.create_project_state = MigrationExecutor._create_project_state
        self.mutate_state, self.apply, self.unapply = Migration.mutate_state, Migration.apply, Migration.unapply

    def remember(self, patch: pytest.MonkeyPatch) -> None:
        """Let each migration use what is known, and add what is not."""
        patch.setattr(MigrationExecutor, "_migrate_all_forwards", lambda *args, **more: self._begin(*args, **more))
        patch.setattr(MigrationExecutor, "_create_project_state", lambda *args, **more: self._create(*args, **more))
        patch.setattr(Migration, "mutate_state", lambda *args, **more: self._mutate(*args, **more))
        patch.setattr(Migration, "apply", lambda *args, **more: self._apply(*args, **more))
        patch.setattr(Migration, "unapply", lambda *args, **more: self._unapply(*args, **more))

    def _begin(self, executor: MigrationExecutor, state: Any, *args: Any, **more: Any) -> Any:
        state.origin = tuple(sorted(executor.loader.applied_migrations))
        return self.migrate_all_forwards(executor, state, *args, **more)

    def _create(self, executor: MigrationExecutor, with_applied_migrations: bool = False) -> Any:
        state: Any = self.create_project_state(executor, with_applied_migrations)
        if not with_applied_migrations:
            state.origin = ()
        return state

    def _mutate(self, migration: Migration, state: Any, preserve: bool = True) -> Any:
        origin = _origin_after(migration, state)
        if origin is None or not preserve:
            state = self.mutate_state(migration, state, preserve)
        else:
            state = self._states(migration, state, origin)[1].clone()
        state.origin = origin
        return state

    def _apply(self, migration: Migration, state: Any, editor: Editor, collect_sql: bool = False) -> Any:
        origin = _origin_after(migration, state)
        if origin is None or collect_sql:
            return self.apply(migration, state, editor, collect_sql)
        steps, end = self._states(migration, state, origin)
        for step in steps:
            with _transaction(migration, step.operation, editor):
                step.operation.database_forwards(migration.app_label, editor, step.before, step.after)
        return end

    def _unapply(self, migration: Migration, state: Any, editor: Editor, collect_sql: bool = False) -> Any:
        origin = _origin_after(migration, state)
        if origin is None or collect_sql or not all(each.reversible for each in migration.operations):
            return self.unapply(migration, state, editor, collect_sql)
        for step in reversed(self._states(migration, state, origin)[0]):
            with _transaction(migration, step.operation, editor):
                step.operation.database_backwards(migration.app_label, editor, step.after, step.before)
        return state

    def _states(self, migration: Migration, state: Any, origin: Origin) -> tuple[list[Step], Any]:
        if origin not in self.known:
            self.known[origin] = _made(migration, state.clone(), origin)
        return self.known[origin]


def _origin_after(migration: Migration, state: Any) -> Origin | None:
    origin = getattr(state, "origin", None)
    return None if origin is None else (*origin, (migration.app_label, migration.name))


def _made(migration: Migration, state: Any, origin: Origin) -> tuple[list[Step], Any]:
    """The states as Django makes them on the way forwards: in place, with a copy of each."""
    steps = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        steps.append(Step(operation, before, state.clone()))
    state.clear_delayed_apps_cache()
    state.is_delayed, state.origin = False, origin
    assert state.apps, "they are made, too"
    return steps, state


def _transaction(migration: Migration, operation: Operation, editor: Editor) -> AbstractContextManager[object]:
    alone = operation.atomic or (migration.atomic and operation.atomic is not False)
    return atomic(editor.connection.alias) if alone and not editor.atomic_migration else nullcontext()
