"""ON DELETE rules of foreign keys, for rows that the old application deletes.

Django cascades or nulls referring rows itself; without such a rule, a DELETE by another application fails.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement

ON_DELETE: dict[Callable[..., Any], str] = {models.CASCADE: "CASCADE", models.SET_NULL: "SET NULL"}


def with_on_delete(statement: Statement, field: Any) -> Statement:
    """Add to the foreign key the ON DELETE rule that `field` has in Django; return the statement."""
    if rule := ON_DELETE.get(field.remote_field.on_delete):
        statement.template = statement.template.replace("%(deferrable)s", f" ON DELETE {rule}%(deferrable)s")
    return statement


def set_on_delete(editor: BaseDatabaseSchemaEditor, model: type[models.Model], deferred: list[Any]) -> None:
    """Add ON DELETE rules to the deferred foreign keys of a table that Django creates."""
    fields = {field.column: field for field in model._meta.local_concrete_fields}
    for statement in deferred:
        if isinstance(statement, Statement) and statement.template == editor.sql_create_fk:
            columns: Any = statement.parts["column"]
            with_on_delete(statement, fields[columns.columns[0]])
