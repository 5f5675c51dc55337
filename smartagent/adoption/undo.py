"""The undo of a completed table: the parts to drop and to restore. Reads no database."""

from collections.abc import Iterator

from smartagent.adoption import ownership_marks
from smartagent.adoption.changes import (
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    RestoreCheck,
    RestoreNotNull,
    SchemaChange,
)
from smartagent.adoption.introspection import FoundTable


def undo(found: FoundTable) -> list[SchemaChange]:
    """Return the changes that restore a completed table to its original state."""
    return [
        *(DropConstraint(name=each.name) for each in found.constraints if ownership_marks.is_added(each.comment)),
        *(DropIndex(name=each.name) for each in found.indexes if ownership_marks.is_added(each.comment)),
        *(DropColumn(column=each.name) for each in found.columns if each.added),
        *_restored_checks(found),
        *_restored_columns(found),
    ]


def _restored_checks(found: FoundTable) -> Iterator[SchemaChange]:
    for check in found.constraints:
        if definition := ownership_marks.widened_from(check.comment):
            yield RestoreCheck(name=check.name, definition=definition, comment=ownership_marks.theirs(check.comment))


def _restored_columns(found: FoundTable) -> Iterator[SchemaChange]:
    for column in found.columns:
        comment = ownership_marks.theirs(column.comment)
        if ownership_marks.entry(column.comment) == ownership_marks.RELAXED:
            yield RestoreNotNull(column=column.name, comment=comment)
        elif ownership_marks.entry(column.comment) == ownership_marks.DEFAULTED:
            yield DropDefault(column=column.name, comment=comment)
