"""Which migrations only expand the database, so that processes of the version before go on while and after they run.

What they did before must still work: their INSERT names no new column, and their SELECT and UPDATE name all of the old.
"""

from typing import Any

from django.db.migrations import operations
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field

HARMLESS = (
    operations.CreateModel, operations.AddIndex, operations.RemoveIndex, operations.RenameIndex,
    operations.RemoveConstraint, operations.AlterModelOptions, operations.AlterModelManagers,
    operations.AlterModelTableComment,
)  # fmt: skip
REMOVING = (
    operations.DeleteModel, operations.RemoveField, operations.RenameField, operations.RenameModel,
    operations.AlterModelTable,
)  # fmt: skip
NO_DEFAULT = "the version before does not write it: give it db_default, or null=True"
REMOVES = "the version before still uses it: let one version no longer use it, and the next remove it"
REFUSES = "it refuses what the version before may write: let one version write no more of it, and the next refuse it"
UNKNOWN = "nobody can tell what it does: set `expands = True` on an operation that only adds"
LOOSER = {"null", "max_length", "default", "db_default"}


def breaches(migration: Migration, state: ProjectState) -> list[str]:
    """What in a migration the version before does not get on with, in words; `state` is moved to that after it."""
    found = []
    for operation in migration.operations:
        if why := _breach(operation, migration.app_label, state):
            found.append(f"{operation.describe()}: {why}.")
        operation.state_forwards(migration.app_label, state)
    return found


def _breach(operation: Operation, app_label: str, state: ProjectState) -> str:
    if isinstance(operation, HARMLESS) or getattr(operation, "expands", False):
        return ""
    if isinstance(operation, REMOVING):
        return REMOVES
    if isinstance(operation, operations.AddField):
        return "" if _is_optional(operation.field) else NO_DEFAULT
    if isinstance(operation, operations.AlterField):
        before = state.models[app_label, operation.model_name_lower].fields[operation.name]
        return "" if _is_looser(before, operation.field) else REFUSES
    if isinstance(operation, (operations.AddConstraint, operations.AlterUniqueTogether)):
        return REFUSES
    return UNKNOWN


def _is_optional(field: "Field[Any, Any]") -> bool:
    return bool(field.many_to_many or field.null or (field.db_default is not NOT_PROVIDED and not field.unique))


def _is_looser(before: "Field[Any, Any]", after: "Field[Any, Any]") -> bool:
    """Whether the column takes all that it took."""
    old, new = _column(before), _column(after)
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return (
        type(before) is type(after)
        and differing <= LOOSER
        and (after.null or not before.null)
        and (after.max_length or 0) >= (before.max_length or 0)
        and (after.db_default is not NOT_PROVIDED or before.db_default is NOT_PROVIDED)
    )


def _column(field: "Field[Any, Any]") -> dict[str, Any]:
    _, _, _, options = field.deconstruct()
    return {name: value for name, value in options.items() if name not in field.non_db_attrs}
