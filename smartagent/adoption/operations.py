"""The migration operations."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.models import ModelOperation
from django.db.migrations.state import ProjectState

from smartagent.adoption.changes import Change, LeaveAlone
from smartagent.adoption.foreign_keys import set_on_delete
from smartagent.adoption.found import find_table
from smartagent.adoption.plan import plan
from smartagent.adoption.statements import Step, Writer
from smartagent.adoption.undo import undo

logger = logging.getLogger("smartagent.adoption")

Model = type[models.Model]


class CreateOrCompleteModel(CreateModel):
    """Create a model's table, or give the one that is there what it lacks; going back takes away only that.

    `widen` names the words of ours that CHECKs of theirs must let in, by column.
    """

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
        """Take in no other operation, as CreateModel does: the result would be a plain CreateModel."""
        return ModelOperation.reduce(self, operation, app_label)

    def describe(self) -> str:
        return f"Create or complete table {self.options.get('db_table', self.name)}"

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
            schema_editor.delete_model(model)
        else:
            make(schema_editor, model, undo(found))


def create(editor: BaseDatabaseSchemaEditor, model: Model) -> None:
    """Create the table, and mark it as ours."""
    before = len(editor.deferred_sql)
    editor.create_model(model)
    set_on_delete(editor, model, editor.deferred_sql[before:])
    execute(editor, Writer(editor, model).mark_created())


def make(editor: BaseDatabaseSchemaEditor, model: Model, changes: Iterable[Change]) -> None:
    """Make the changes, and say each; where only the SQL is asked for, show them."""
    writer = Writer(editor, model)
    for change in changes:
        steps = writer.steps(change)
        if editor.collect_sql:
            show(editor, change, steps)
        else:
            log(model._meta.db_table, change, [attempt(editor, step) for step in steps])


def show(editor: BaseDatabaseSchemaEditor, change: Change, steps: Iterable[Step]) -> None:
    """Put the SQL, and before it what it does, where `sqlmigrate` finds it."""
    editor.collected_sql.append(f"-- {change}")
    for step in steps:
        execute(editor, step)


def attempt(editor: BaseDatabaseSchemaEditor, step: Step) -> str | None:
    """Run a step; return what to say where the rows that are there forbid it."""
    if step.otherwise is None:
        execute(editor, step)
        return None
    try:
        with transaction.atomic(editor.connection.alias):
            execute(editor, step)
    except IntegrityError as error:
        reason = str(error).strip().partition("\n")[0]
        return f"{step.otherwise} ({reason})"
    return None


def execute(editor: BaseDatabaseSchemaEditor, step: Step) -> None:
    """Hand the statements to the schema editor."""
    for statement in step.statements:
        editor.execute(statement, params=None)
    editor.deferred_sql.extend(step.deferred)


def log(table: str, change: Change, refusals: Sequence[str | None]) -> None:
    """Write a line for what was done, and one for each thing that was not."""
    done = not refusals or refusals[0] is None
    if done:
        level = logging.WARNING if isinstance(change, LeaveAlone) else logging.INFO
        logger.log(level, "%s: %s", table, change)
    for refusal in filter(None, refusals):
        logger.warning("%s: %s", table, refusal)
