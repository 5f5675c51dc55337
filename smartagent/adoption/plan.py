"""The plan for an existing table: the changes it needs to serve a model. Reads no database."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.db import connection, models

from smartagent.adoption import ownership_marks
from smartagent.adoption.changes import (
    AddCheck,
    AddColumn,
    AddConstraint,
    AddFieldIndex,
    AddForeignKey,
    AddIndex,
    DropUnfinished,
    LeaveAlone,
    RelaxNotNull,
    SchemaChange,
    SetDefault,
    Validate,
    WidenCheck,
)
from smartagent.adoption.introspection import (
    CHECK,
    FOREIGN_KEY,
    WORDS,
    FoundColumn,
    FoundConstraint,
    FoundIndex,
    FoundTable,
)

Model = type[models.Model]
# Of the parts of a field that say what the database holds, the type stubs know few.
Field = Any

ALIASES = {"varchar": "character varying", "char": "character", "time": "time without time zone"}
# Types that each application reads and writes in a column of the other's. PostgreSQL writes JSON as text by itself,
# and what is read is understood where it is JSON (smartagent.fields); json is none: Django wants jsonb.
FAMILIES = (
    WORDS,
    {"jsonb", "text"},
    {"smallint", "integer", "bigint", "numeric", "real", "double precision"},
    {"timestamp with time zone", "timestamp without time zone"},
)


def plan(model: Model, found: FoundTable) -> list[SchemaChange]:
    """Return the changes, in order, after which the table serves the model and still the old application."""
    unfinished = [index for index in found.indexes if _is_unfinished(index)]
    # What is about to be dropped serves nobody, although it may have been built to its end.
    found = replace(found, indexes=tuple(index for index in found.indexes if index not in unfinished))
    return [
        *(DropUnfinished(name=index.name) for index in unfinished),
        *_columns(model, found),
        *_unknown_columns(model, found),
        *_narrow_checks(found),
        *_field_indexes(model, found),
        *(AddIndex(name=index.name) for index in model._meta.indexes if not found.has(index.name)),
        *_constraints(model, found),
        *_foreign_keys(model, found),
        *_many_to_many(model),
        *(Validate(name=each.name) for each in found.constraints if _is_unchecked(each)),
    ]


def _is_unfinished(index: FoundIndex) -> bool:
    """Whether an interrupted run left the index unfinished: under a temporary name, or invalid."""
    return ownership_marks.is_building(index.name) or (ownership_marks.is_added(index.comment) and not index.valid)


def _is_unchecked(constraint: FoundConstraint) -> bool:
    """Whether Smart Agent added the constraint and has not validated it yet."""
    first = ownership_marks.widened_from(constraint.comment)
    ours = ownership_marks.is_added(constraint.comment) or (first is not None and not first.endswith("NOT VALID"))
    return ours and not constraint.valid


def column_fields(model: Model) -> Iterator[tuple[Field, str]]:
    """Yield the fields with a column in the model's own table, and the name of the column."""
    for field in model._meta.local_concrete_fields:
        if field.column is not None and field.db_type(connection) is not None:
            yield field, field.column


def _columns(model: Model, found: FoundTable) -> Iterator[SchemaChange]:
    for field, name in column_fields(model):
        column = found.column(name)
        if column is None:
            yield AddColumn(field=field.name, column=name, nullable=field.null or not _fills_itself(field))
        else:
            yield from _shared_column(field, column, found)


def _shared_column(field: Field, column: FoundColumn, found: FoundTable) -> Iterator[SchemaChange]:
    wanted = _base_type(field)
    if not _compatible(column.type, wanted):
        yield LeaveAlone(what=f"column {column.name}", why=f"it is {column.type}, we need {wanted}")
    if column.not_null and field.null:
        yield _relaxed(column, found)
    elif column.required and field.has_db_default():
        yield SetDefault(field=field.name, column=column.name, comment=column.comment)


def _fills_itself(field: Field) -> bool:
    """Whether the database fills the column in an INSERT that does not name it."""
    return field.has_db_default() or field.generated or bool(field.db_type_suffix(connection))


def _base_type(field: Field) -> str:
    name = (field.db_type(connection) or "").partition("(")[0].strip()
    return ALIASES.get(name, name)


def _compatible(found: str, wanted: str) -> bool:
    return found == wanted or any({found, wanted} <= family for family in FAMILIES)


def _unknown_columns(model: Model, found: FoundTable) -> Iterator[SchemaChange]:
    """Make columns nullable that inserts of the model do not fill."""
    ours = {name for _, name in column_fields(model)}
    for column in found.columns:
        if column.required and column.name not in ours:
            yield _relaxed(column, found)


def _relaxed(column: FoundColumn, found: FoundTable) -> SchemaChange:
    if any(index.primary and column.name in index.columns for index in found.indexes):
        return LeaveAlone(what=f"column {column.name}", why="it is in the primary key and cannot be null")
    return RelaxNotNull(column=column.name, comment=column.comment)


def _narrow_checks(found: FoundTable) -> Iterator[SchemaChange]:
    for check in found.constraints:
        if not check.refuses or check.expression is None or found.created or ownership_marks.is_added(check.comment):
            continue
        # Widened before, by fewer words: what it was at first stays what it goes back to.
        first = ownership_marks.widened_from(check.comment) or check.definition
        yield WidenCheck(
            name=check.name, column=check.columns[0], words=check.refuses, expression=check.expression,
            definition=first, comment=ownership_marks.theirs(check.comment),
        )  # fmt: skip


def _field_indexes(model: Model, found: FoundTable) -> Iterator[SchemaChange]:
    for field, name in column_fields(model):
        if field.unique:
            if not _is_unique(found, [name]):
                yield AddFieldIndex(field=field.name, unique=True)
        elif field.db_index and not any(each.whole and each.columns[:1] == (name,) for each in found.indexes):
            yield AddFieldIndex(field=field.name)


def _is_unique(found: FoundTable, columns: Iterable[str]) -> bool:
    wanted = set(columns)
    return any(each.unique and each.whole and set(each.columns) == wanted for each in found.indexes)


def _constraints(model: Model, found: FoundTable) -> Iterator[SchemaChange]:
    for constraint in model._meta.constraints:
        if found.has(constraint.name):
            continue
        if isinstance(constraint, models.CheckConstraint):
            yield _check(model, found, constraint)
        elif not _has_equal(model, found, constraint):
            yield AddConstraint(name=constraint.name)


def _check(model: Model, found: FoundTable, constraint: models.CheckConstraint) -> SchemaChange:
    """Add a CHECK that also accepts what the existing CHECKs accept, so that writes of the old application pass."""
    theirs = {column for column in _mentioned(model, constraint.condition) if found.is_theirs(column)}
    beside = [
        _before_us(each, each.expression)
        for each in found.constraints
        if each.kind == CHECK
        and each.expression
        and set(each.columns) <= theirs
        and not ownership_marks.is_added(each.comment)
    ]
    if theirs and not beside:
        why = f"{', '.join(sorted(theirs))} may hold anything in this table"
        return LeaveAlone(what=f"check {constraint.name}", why=why)
    return AddCheck(name=constraint.name, beside=tuple(beside))


def _before_us(check: FoundConstraint, expression: str) -> str:
    """Return the expression of an existing CHECK as it was before an interrupted run widened it."""
    first = ownership_marks.widened_from(check.comment)
    return first.removeprefix("CHECK ").removesuffix(" NOT VALID").removesuffix(" NO INHERIT") if first else expression


def _mentioned(model: Any, condition: Any) -> set[str]:
    """Return the columns that a condition refers to."""
    fields: list[Field] = [model._meta.get_field(path[0]) for path in model._get_expr_references(condition)]
    return {field.column for field in fields}


def _has_equal(model: Model, found: FoundTable, constraint: models.BaseConstraint) -> bool:
    """Whether an existing unique index with another name covers the same columns."""
    if not isinstance(constraint, models.UniqueConstraint) or constraint.condition or not constraint.fields:
        return False
    fields: list[Field] = [model._meta.get_field(name) for name in constraint.fields]
    return _is_unique(found, [field.column for field in fields])


def _foreign_keys(model: Model, found: FoundTable) -> Iterator[SchemaChange]:
    """Add foreign keys on added columns only: an existing column may hold keys without a row."""
    refers = {name for each in found.constraints if each.kind == FOREIGN_KEY for name in each.columns}
    for field, name in column_fields(model):
        constrained = field.remote_field and field.db_constraint
        if constrained and name not in refers and not found.is_theirs(name):
            yield AddForeignKey(field=field.name, column=name)


def _many_to_many(model: Model) -> Iterator[SchemaChange]:
    fields: Iterable[Field] = model._meta.local_many_to_many
    for field in fields:
        if field.remote_field.through._meta.auto_created:
            yield LeaveAlone(what=f"many-to-many {field.name}", why="give it a through model of its own")
