"""The migration operations."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.models import ModelOperation
from django.db.migrations.state import ProjectState, StateApps

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.foreign_keys import set_on_delete
from smartagent.adoption.introspection import find_table
from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.plan import plan
from smartagent.adoption.statements import StatementStep, Writer
from smartagent.adoption.undo import undo

logger = logging.getLogger("smartagent.adoption")

Model = type[models.Model]


class CreateOrCompleteModel(CreateModel):
    """Create a model's table, or complete an existing one; backwards, remove only what was added.

    `widen`: by column, the words that existing CHECKs must accept. Each change is a transaction of its own, unless the
    migration is atomic: writes are blocked briefly only, and an interrupted run is completed by the next.
    """

    atomic = False

    serialization_expand_args = [*CreateModel.serialization_expand_args, "widen"]

    def __init__(
        self,
        name: str,
        fields: "list[tuple[str, models.Field[Any, Any]]]",
        options: dict[str, Any] | None = None,
        bases: Sequence[type[models.Model] | str] | None = None,
        managers: "Sequence[tuple[str, models.Manager[Any]]] | None" = None,
        *,
        widen: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.widen = widen or {}
        super().__init__(name, fields, options, bases, managers)

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, kwargs | ({"widen": self.widen} if self.widen else {})

    def reduce(self, operation: Any, app_label: str) -> Any:
        """Absorb no other operation, unlike CreateModel: the result would be a plain CreateModel."""
        return ModelOperation.reduce(self, operation, app_label)

    def describe(self) -> str:
        return f"Create or complete table {self.options.get('db_table', self.name)}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the model to the state without reloading related models, which takes most of a migration's time.

        Nothing refers to a new model yet, so the others stay valid.
        """
        apps: StateApps | None = state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)
        if apps is None:
            return
        if _is_at_home(apps):
            apps.render_multiple([state.models[app_label, self.name_lower]])
            state.__dict__["apps"] = apps
        # Else they are made as soon as somebody looks at them: all at once, so that the next one is at home.

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        found = find_table(schema_editor.connection, model._meta.db_table, self.widen)
        if found is None:
            create(schema_editor, model)
        else:
            make(schema_editor, model, plan(model, found))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        found = find_table(schema_editor.connection, model._meta.db_table)
        if found is None:
            return
        if found.created:
            whole(schema_editor, f"table {found.name} removed", lambda: schema_editor.delete_model(model))
        else:
            make(schema_editor, model, undo(found))


def _is_at_home(apps: StateApps) -> bool:
    """Whether all models of `apps` were built for it, and none is shared with the state it was copied from."""
    return all(model._meta.apps is apps for model in apps.get_models(include_auto_created=True))


def create(editor: BaseDatabaseSchemaEditor, model: Model) -> None:
    """Create the table with indexes and constraints, and mark it as created by Smart Agent, in one transaction."""

    def work() -> None:
        before = len(editor.deferred_sql)
        editor.create_model(model)
        deferred = editor.deferred_sql[before:]
        set_on_delete(editor, model, deferred)
        del editor.deferred_sql[before:]
        mark = Writer(editor, model).mark_created()
        for statement in (*deferred, *mark.statements):
            editor.execute(statement, params=None)

    whole(editor, f"table {model._meta.db_table} created", work)


def make(editor: BaseDatabaseSchemaEditor, model: Model, changes: Iterable[SchemaChange]) -> None:
    """Make and log the changes, each in its own transaction; for `sqlmigrate`, only collect their SQL."""
    writer = Writer(editor, model)
    for change in changes:
        steps = writer.steps(change)
        if editor.collect_sql:
            show(editor, change, steps)
        else:
            log(model._meta.db_table, change, attempt_all(editor, model._meta.db_table, change, steps))


def show(editor: BaseDatabaseSchemaEditor, change: SchemaChange, steps: Iterable[StatementStep]) -> None:
    """Collect the SQL of a change for `sqlmigrate`, with its description as a comment before it."""
    editor.collected_sql.append(f"-- {change}")
    for step in steps:
        execute(editor, step)


def attempt_all(
    editor: BaseDatabaseSchemaEditor, table: str, change: SchemaChange, steps: Sequence[StatementStep]
) -> str | None:
    """Run the steps until existing rows prevent a needed one; return the message of the last prevented step."""
    refused = None
    for step in steps:
        refusal = attempt(editor, table, change, step)
        refused = refusal or refused
        if refusal and step.needed:
            break
    return refused


def attempt(editor: BaseDatabaseSchemaEditor, table: str, change: SchemaChange, step: StatementStep) -> str | None:
    """Run a step; return its message if existing rows prevent it, else None."""
    what = f"{table}: {change}"
    try:
        if step.concurrently and stands_alone(editor):
            execute(editor, step)
        else:
            whole(editor, what, lambda: execute(editor, step), table)
    except IntegrityError as error:
        if step.clean_up:
            whole(editor, what, lambda: editor.execute(step.clean_up or "", params=None), table)
        if step.otherwise is None:
            raise
        reason = str(error).strip().partition("\n")[0]
        return f"{step.otherwise} ({reason})"
    return None


def whole(editor: BaseDatabaseSchemaEditor, what: str, work: Callable[[], None], table: str | None = None) -> None:
    """Run `work` in one transaction by `patiently`; for `sqlmigrate`, only collect its SQL."""
    if editor.collect_sql:
        work()
    else:
        patiently(editor.connection, what, work, table)


def execute(editor: BaseDatabaseSchemaEditor, step: StatementStep) -> None:
    """Execute the step's statements by the schema editor."""
    for statement in step.statements:
        possible = statement if stands_alone(editor) else statement.replace(" CONCURRENTLY ", " ", 1)
        editor.execute(possible, params=None)


def stands_alone(editor: BaseDatabaseSchemaEditor) -> bool:
    """Whether no transaction is open: only then can an index be built concurrently."""
    return not (editor.atomic_migration or editor.connection.in_atomic_block)


def log(table: str, change: SchemaChange, refusal: str | None) -> None:
    """Log a change, or why it was not made."""
    if refusal:
        logger.warning("%s: %s", table, refusal)
    else:
        level = logging.WARNING if isinstance(change, LeaveAlone) else logging.INFO
        logger.log(level, "%s: %s", table, change)
