"""A dry run of `migrate` on the database as it is, in a read-only transaction.

1. The unapplied migrations are walked, operation by operation, as `migrate` would; 2. each operation lists its changes;
3. the changes are collected by table, with its number of rows, the locks, and the time they take.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from smartagent.adoption.changes import ACCESS_EXCLUSIVE, SHARE_ROW_EXCLUSIVE
from smartagent.adoption.introspection import NotATable, find_table
from smartagent.adoption.operations import CreateOrCompleteModel
from smartagent.adoption.plan import plan
from smartagent.adoption.preview import estimates
from smartagent.adoption.preview.obstacles import Obstacle, find_obstacles
from smartagent.adoption.preview.sizes import RowCount, count_rows
from smartagent.adoption.routines import find_place
from smartagent.adoption.sync.base import Synchronising

Model = type[models.Model]

# Where what is done is done to no table.
FUNCTIONS_SUBJECT = "functions"
IN_THE_WAY = "exists, but was not created by a migration: rename it, or `migrate` fails"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One planned change: the line that `migrate` would log, its strongest table lock, and its duration in seconds."""

    does: str
    lock: str = ""
    seconds: float = estimates.MOMENT

    @property
    def blocked_seconds(self) -> float:
        return estimates.blocked_seconds(self.lock)


@dataclass(kw_only=True)
class Subject:
    """A table and its planned changes; `rows` is None if the table does not exist."""

    name: str
    rows: RowCount | None = None
    created: bool = False
    acts: list[Act] = field(default_factory=list)
    problem: str | None = None

    @property
    def seconds(self) -> float:
        return sum(act.seconds for act in self.acts)

    @property
    def lock(self) -> str:
        return estimates.strongest([act.lock for act in self.acts])


@dataclass(kw_only=True)
class Rehearsal:
    """All changes that `migrate` would make, in order, and the obstacles."""

    migrations: list[str] = field(default_factory=list)
    subjects: dict[str, Subject] = field(default_factory=dict)
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def nothing_to_do(self) -> bool:
        return not self.migrations and not self.obstacles

    @property
    def seconds(self) -> float:
        return sum(subject.seconds for subject in self.subjects.values())

    @property
    def problems(self) -> list[str]:
        named = {each.subject for each in self.obstacles}
        rest = [each for each in self.subjects.values() if each.problem and each.name not in named]
        return [*map(str, self.obstacles), *(f"{each.name}: {each.problem}" for each in rest)]


def rehearse(connection: BaseDatabaseWrapper) -> Rehearsal:
    """Return what `migrate` would do now; only the obstacles if one of them makes the reads unreliable."""
    obstacles = find_obstacles(connection)
    if any(each.blinding for each in obstacles):
        return Rehearsal(obstacles=obstacles)
    with transaction.atomic(connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        found = _Rehearsing(connection).through()
    found.obstacles = [each for each in obstacles if found.migrations or not each.migrating]
    return found


class _Rehearsing:
    """The walk through the migrations, with the state of the models at each step."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.executor = MigrationExecutor(connection)
        self.known_apps = {app for app, _ in self.executor.loader.applied_migrations}
        self.found = Rehearsal()

    def through(self) -> Rehearsal:
        loader, state = self.executor.loader, ProjectState()
        for migration, _ in self.executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True):
            if (migration.app_label, migration.name) in loader.applied_migrations:
                migration.mutate_state(state, preserve=False)
            else:
                self._rehearse(migration, state)
        return self.found

    def _rehearse(self, migration: Migration, state: ProjectState) -> None:
        self.found.migrations.append(str(migration))
        for operation in migration.operations:
            operation.state_forwards(migration.app_label, state)
            self._play(migration, operation, state)

    def _play(self, migration: Migration, operation: Operation, state: ProjectState) -> None:
        if isinstance(operation, Synchronising):
            self._synchronise(operation)
        elif isinstance(operation, CreateModel):
            model = state.apps.get_model(migration.app_label, operation.name)
            if operation.allow_migrate_model(self.connection.alias, model):
                self._create_or_complete(operation, model)
        elif migration.app_label in self.known_apps:
            # Of an app that is new here, the tables are created in this very run.
            self._subject(FUNCTIONS_SUBJECT).acts.append(Act(does=operation.describe(), lock=ACCESS_EXCLUSIVE))

    def _synchronise(self, operation: Synchronising) -> None:
        changes = operation.lacks(self.connection)
        if changes:
            subject = self._subject(
                getattr(operation, "table", None) or getattr(operation, "given", None) or FUNCTIONS_SUBJECT
            )
            subject.acts += self._acts(subject, changes)

    def _create_or_complete(self, operation: CreateModel, model: Model) -> None:
        subject = self._subject(model._meta.db_table)
        try:
            widen = operation.widen if isinstance(operation, CreateOrCompleteModel) else None
            found = find_table(self.connection, subject.name, widen)
        except NotATable as error:
            subject.problem = str(error.__doc__)
            return
        if found is None:
            subject.created = True
            subject.acts.append(self._creation(model))
        elif isinstance(operation, CreateOrCompleteModel):
            subject.acts += self._acts(subject, plan(model, found))
        else:
            subject.problem = IN_THE_WAY

    def _creation(self, model: Model) -> Act:
        """Return the creation of a table; its foreign keys lock the tables they refer to, if these are in use."""
        there = sorted({table for table in _referred(model) if find_place(self.connection, table)})
        refers = f", which refers to {', '.join(there)}" if there else ""
        lock = SHARE_ROW_EXCLUSIVE if there else ""
        return Act(does=f"table {model._meta.db_table} created{refers}", lock=lock, seconds=estimates.CREATION)

    def _acts(self, subject: Subject, changes: list[Any]) -> list[Act]:
        rows = subject.rows.count if subject.rows else 0
        return [Act(does=str(each), lock=each.lock, seconds=estimates.seconds(each, rows)) for each in changes]

    def _subject(self, name: str) -> Subject:
        if name not in self.found.subjects:
            place = None if name == FUNCTIONS_SUBJECT else find_place(self.connection, name)
            rows = count_rows(self.connection, place) if place else None
            self.found.subjects[name] = Subject(name=name, rows=rows)
        return self.found.subjects[name]


def _referred(model: Any) -> Iterator[str]:
    for each in model._meta.local_concrete_fields:
        if each.remote_field and each.db_constraint:
            yield each.remote_field.model._meta.db_table
