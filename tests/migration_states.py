"""The states between the operations of migrations, made once a process: making them takes half the time of a migration.

They follow from the migrations alone; what an operation does to the database is done each time.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.transaction import atomic

# What has been applied, in the order in which it was.
Origin = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """An operation with the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


class Made(ProjectState):
    """Only for its attribute: the origin of a state that nobody has changed since."""

    origin: Origin


class MigrationStates:
    """The steps of each migration, by what was applied before it, and the state at its end."""

    def __init__(self) -> None:
        self.known: dict[Origin, tuple[list[Step], ProjectState]] = {}
        self.apply_anew = Migration.apply
        self.migrate_all_forwards = MigrationExecutor._migrate_all_forwards

    def remember(self, patch: pytest.MonkeyPatch) -> None:
        """Let each migration forwards use what is known, and add what is not."""
        patch.setattr(MigrationExecutor, "_migrate_all_forwards", lambda *args, **more: self._begin(*args, **more))
        patch.setattr(Migration, "apply", lambda *args, **more: self._apply(*args, **more))

    def _begin(self, executor: MigrationExecutor, state: Any, *args: Any, **more: Any) -> Any:
        state.origin = tuple(sorted(executor.loader.applied_migrations))
        return self.migrate_all_forwards(executor, state, *args, **more)

    def _apply(
        self, migration: Migration, state: Any, editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> Any:
        origin = getattr(state, "origin", None)
        if origin is None or collect_sql:
            return self.apply_anew(migration, state, editor, collect_sql)
        origin = (*origin, (migration.app_label, migration.name))
        if origin not in self.known:
            self.known[origin] = _first(migration, state.clone(), editor, origin)
            return self.known[origin][1]
        steps, end = self.known[origin]
        for step in steps:
            _work(migration, step, editor)
        return end


def _first(
    migration: Migration, state: Any, editor: BaseDatabaseSchemaEditor, origin: Origin
) -> tuple[list[Step], ProjectState]:
    """As Django applies it; and keep the states."""
    steps = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        _work(migration, Step(operation, before, state), editor)
        steps.append(Step(operation, before, state.clone()))
    state.clear_delayed_apps_cache()
    state.is_delayed = False
    state.origin = origin
    return steps, state


def _work(migration: Migration, step: Step, editor: BaseDatabaseSchemaEditor) -> None:
    operation = step.operation
    alone = operation.atomic or (migration.atomic and operation.atomic is not False)
    if alone and not editor.atomic_migration:
        with atomic(editor.connection.alias):
            operation.database_forwards(migration.app_label, editor, step.before, step.after)
    else:
        operation.database_forwards(migration.app_label, editor, step.before, step.after)
