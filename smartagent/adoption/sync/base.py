"""The base of the operations that keep the old application and this one in sync on the same rows.

Each makes and logs the changes that the database lacks; a second run changes nothing. Model states are not affected.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.lock_retries import patiently

logger = logging.getLogger("smartagent.adoption")

Editor = BaseDatabaseSchemaEditor


class Synchronising(Operation):
    """An operation on rows, functions or triggers, not atomic as a whole."""

    reduces_to_sql = True
    reversible = True
    atomic = False

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        """Return the changes that are lacking; empty if all is in place."""
        raise NotImplementedError

    def forwards(self, editor: Editor) -> None:
        """Make the changes that are lacking."""
        raise NotImplementedError

    def backwards(self, editor: Editor) -> None:
        """Remove what this operation added."""
        raise NotImplementedError

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the model states as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.forwards(schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.backwards(schema_editor)


def do(
    editor: Editor,
    subject: str,
    change: SchemaChange,
    statements: Iterable[str],
    table: str | None = None,
    level: int = logging.INFO,
) -> None:
    """Make and log a change in one transaction by `patiently`, with `table`; for `sqlmigrate`, collect its SQL."""

    def work() -> None:
        for statement in statements:
            editor.execute(statement, params=None)

    if editor.collect_sql:
        show(editor, change)
        work()
    else:
        patiently(editor.connection, f"{subject}: {change}", work, table)
        tell(subject, change, level)


def show(editor: Any, change: SchemaChange) -> None:
    """Collect the description of a change for `sqlmigrate`, as a comment."""
    editor.collected_sql.append(f"-- {change}")


def tell(subject: str, change: SchemaChange, level: int = logging.INFO) -> None:
    """Log a change that was made, or as a warning one that could not be."""
    logger.log(logging.WARNING if isinstance(change, LeaveAlone) else level, "%s: %s", subject, change)
