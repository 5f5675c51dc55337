"""Each change as SQL, with the ownership mark by which it can be undone."""

import copy
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement

from smartagent.adoption import changes, ownership_marks
from smartagent.adoption.foreign_keys import with_on_delete
from smartagent.adoption.introspection import ANY_WORD


@dataclass(frozen=True, kw_only=True)
class StatementStep:
    """Statements that run in one transaction, or one that runs `concurrently`, outside of any.

    If existing rows prevent it, `clean_up` runs and `otherwise` is the message; the steps after it are skipped if it is
    `needed`.
    """

    statements: tuple[str, ...] = ()
    concurrently: bool = False
    otherwise: str | None = None
    clean_up: str | None = None
    needed: bool = True


class Writer:
    """Translates changes of one model's table into SQL."""

    def __init__(self, editor: Any, model: type[models.Model]) -> None:
        # The parts of the editor that write SQL without running it are not in its public interface.
        self.editor = editor
        self.model = model
        self.table = editor.quote_name(model._meta.db_table)

    def mark_created(self) -> StatementStep:
        comment = ownership_marks.marked(self.model._meta.db_table_comment or None, ownership_marks.CREATED)
        return StatementStep(statements=(self._comment("TABLE", self.table, comment),))

    @singledispatchmethod
    def steps(self, change: changes.SchemaChange) -> list[StatementStep]:
        """Return the steps that make a change."""
        raise NotImplementedError(type(change).__name__)

    @steps.register
    def _(self, change: changes.LeaveAlone) -> list[StatementStep]:
        return []

    @steps.register
    def _(self, change: changes.AddColumn) -> list[StatementStep]:
        field = copy.copy(self._field(change.field))
        # What is unique or a key is made so in a change of its own.
        field.null, field.primary_key, field._unique = change.nullable, False, False
        definition, params = self.editor.column_sql(self.model, field)
        if params:
            definition %= tuple(self.editor.quote_value(value) for value in params)
        parameters = field.db_parameters(self.editor.connection)
        check = f" CHECK ({parameters['check']})" if parameters["check"] else ""
        suffix = f" {self._suffix(field)}" if self._suffix(field) else ""
        column = self.editor.quote_name(change.column)
        return [
            StatementStep(
                statements=(
                    f"ALTER TABLE {self.table} ADD COLUMN {column} {definition}{suffix}{check}",
                    self._comment_column(
                        change.column, ownership_marks.marked(field.db_comment, ownership_marks.ADDED)
                    ),
                )
            )
        ]

    @steps.register
    def _(self, change: changes.AddForeignKey) -> list[StatementStep]:
        field = self._field(change.field)
        statement = self.editor._create_fk_sql(self.model, field, "_fk_%(to_table)s_%(to_column)s")
        with_on_delete(statement, field)
        return [
            StatementStep(statements=self._added(statement, " NOT VALID")),
            self._validated(str(statement.parts["name"])),
        ]

    @steps.register
    def _(self, change: changes.RelaxNotNull) -> list[StatementStep]:
        return [
            self._altered(
                change.column, "DROP NOT NULL", ownership_marks.marked(change.comment, ownership_marks.RELAXED)
            )
        ]

    @steps.register
    def _(self, change: changes.SetDefault) -> list[StatementStep]:
        default, params = self.editor.db_default_sql(self._field(change.field))
        if params:
            default %= tuple(self.editor.quote_value(value) for value in params)
        comment = ownership_marks.marked(change.comment, ownership_marks.DEFAULTED)
        return [self._altered(change.column, f"SET DEFAULT {default}", comment)]

    @steps.register
    def _(self, change: changes.WidenCheck) -> list[StatementStep]:
        words = ", ".join(self.editor.quote_value(word) for word in change.words)
        too = "true" if ANY_WORD in change.words else f"{self.editor.quote_name(change.column)} IN ({words})"
        check = f"CHECK (({change.expression}) OR {too})"
        comment = ownership_marks.marked(change.comment, ownership_marks.WIDENED + change.definition)
        return self._replaced(change.name, check, comment)

    @steps.register
    def _(self, change: changes.AddIndex) -> list[StatementStep]:
        index = next(each for each in self.model._meta.indexes if each.name == change.name)
        return self._built(index.create_sql(self.model, self.editor))

    @steps.register
    def _(self, change: changes.AddFieldIndex) -> list[StatementStep]:
        field = self._field(change.field)
        if change.unique:
            return self._unique(self.editor._create_unique_sql(self.model, [field]))
        indexes = self.editor._field_indexes_sql(self.model, field)
        return [step for statement in indexes for step in self._built(statement)]

    @steps.register
    def _(self, change: changes.AddConstraint) -> list[StatementStep]:
        return self._unique(self._constraint(change.name).create_sql(self.model, self.editor))

    @steps.register
    def _(self, change: changes.AddCheck) -> list[StatementStep]:
        statement = self._constraint(change.name).create_sql(self.model, self.editor)
        if change.beside:
            beside = " AND ".join(f"({expression})" for expression in change.beside)
            statement.parts["check"] = f"({statement.parts['check']}) OR ({beside})"
        return [
            StatementStep(statements=self._added(statement, " NOT VALID")),
            self._validated(self.editor.quote_name(change.name)),
        ]

    @steps.register
    def _(self, change: changes.Validate) -> list[StatementStep]:
        return [self._validated(self.editor.quote_name(change.name))]

    @steps.register
    def _(self, change: changes.DropUnfinished) -> list[StatementStep]:
        return [StatementStep(statements=(f"DROP INDEX IF EXISTS {self.editor.quote_name(change.name)}",))]

    @steps.register
    def _(self, change: changes.DropColumn) -> list[StatementStep]:
        column = self.editor.quote_name(change.column)
        return [StatementStep(statements=(f"ALTER TABLE {self.table} DROP COLUMN {column}",))]

    @steps.register
    def _(self, change: changes.DropConstraint) -> list[StatementStep]:
        name = self.editor.quote_name(change.name)
        return [StatementStep(statements=(f"ALTER TABLE {self.table} DROP CONSTRAINT {name}",))]

    @steps.register
    def _(self, change: changes.DropIndex) -> list[StatementStep]:
        return [StatementStep(statements=(f"DROP INDEX {self.editor.quote_name(change.name)}",))]

    @steps.register
    def _(self, change: changes.DropDefault) -> list[StatementStep]:
        return [self._altered(change.column, "DROP DEFAULT", change.comment)]

    @steps.register
    def _(self, change: changes.RestoreNotNull) -> list[StatementStep]:
        otherwise = f"column {change.column} stays nullable: it has rows of ours without a value"
        forbidden = f"{self.editor.quote_name(change.column)} IS NULL"
        return [
            self._without(forbidden, otherwise),
            self._altered(change.column, "SET NOT NULL", change.comment, otherwise),
        ]

    @steps.register
    def _(self, change: changes.RestoreCheck) -> list[StatementStep]:
        replaced = self._replaced(change.name, change.definition, change.comment)
        if change.definition.endswith("NOT VALID"):
            return replaced
        forbidden = f"NOT {change.definition.removeprefix('CHECK ').removesuffix(' NO INHERIT')}"
        return [
            self._without(forbidden, f"check {change.name} holds for new rows only: others refer to older ones"),
            *replaced,
        ]

    def _without(self, forbidden: str, otherwise: str) -> StatementStep:
        """Delete the rows that the original CHECK rejects: only Smart Agent can have written them."""
        return StatementStep(
            statements=(f"DELETE FROM {self.table} WHERE {forbidden}",), otherwise=otherwise, needed=False
        )

    def _field(self, name: str) -> Any:
        return self.model._meta.get_field(name)

    def _constraint(self, name: str) -> Any:
        return next(each for each in self.model._meta.constraints if each.name == name)

    def _suffix(self, field: Any) -> str:
        return field.db_type_suffix(self.editor.connection) or ""

    def _altered(self, column: str, action: str, comment: str | None, otherwise: str | None = None) -> StatementStep:
        name = self.editor.quote_name(column)
        alter = f"ALTER TABLE {self.table} ALTER COLUMN {name} {action}"
        return StatementStep(statements=(alter, self._comment_column(column, comment)), otherwise=otherwise)

    def _replaced(self, name: str, check: str, comment: str | None) -> list[StatementStep]:
        """Replace a CHECK in one statement, so that no row goes unchecked in between."""
        quoted = self.editor.quote_name(name)
        # One that was never validated when it was found is not validated by us either.
        unvalidated = check.removesuffix(" NOT VALID")
        swap = f"DROP CONSTRAINT {quoted}, ADD CONSTRAINT {quoted} {unvalidated} NOT VALID"
        comments = self._comment("CONSTRAINT", f"{quoted} ON {self.table}", comment)
        steps = [StatementStep(statements=(f"ALTER TABLE {self.table} {swap}", comments))]
        return steps if unvalidated != check else [*steps, self._validated(quoted)]

    def _validated(self, name: str) -> StatementStep:
        validate = f"ALTER TABLE {self.table} VALIDATE CONSTRAINT {name}"
        return StatementStep(
            statements=(validate,), otherwise=f"check {name} holds for new rows only: some older do not fit"
        )

    def _unique(self, statement: Statement) -> list[StatementStep]:
        """Build a unique index concurrently, then attach it to the constraint."""
        name = str(statement.parts["name"])
        otherwise = f"{name} skipped: existing rows are not unique"
        if str(statement).startswith("CREATE"):
            return self._built(statement, otherwise)
        columns, building = statement.parts["columns"], self.editor.quote_name(ownership_marks.building(name))
        unique = f"CREATE UNIQUE INDEX {building} ON {self.table} ({columns})"
        become = f"ALTER TABLE {self.table} ADD CONSTRAINT {name} UNIQUE USING INDEX {building}"
        mark = self._comment(
            "CONSTRAINT", f"{name} ON {self.table}", ownership_marks.marked(None, ownership_marks.ADDED)
        )
        return [self._index(unique, building, otherwise), StatementStep(statements=(become, mark))]

    def _built(self, statement: Statement, otherwise: str | None = None) -> list[StatementStep]:
        name = str(statement.parts["name"])
        building = statement.parts["name"] = self.editor.quote_name(ownership_marks.building(name))
        rename = f"ALTER INDEX {building} RENAME TO {name}"
        mark = self._comment("INDEX", name, ownership_marks.marked(None, ownership_marks.ADDED))
        return [self._index(str(statement), building, otherwise), StatementStep(statements=(rename, mark))]

    def _index(self, create: str, building: str, otherwise: str | None) -> StatementStep:
        """Build an index concurrently, under a temporary name by which an unfinished one is recognized."""
        return StatementStep(
            statements=(create.replace(" INDEX ", " INDEX CONCURRENTLY ", 1),),
            concurrently=True,
            otherwise=otherwise,
            clean_up=f"DROP INDEX IF EXISTS {building}",
        )

    def _added(self, statement: Statement, suffix: str = "") -> tuple[str, str]:
        target = f"{statement.parts['name']} ON {self.table}"
        return f"{statement}{suffix}", self._comment(
            "CONSTRAINT", target, ownership_marks.marked(None, ownership_marks.ADDED)
        )

    def _comment_column(self, column: str, comment: str | None) -> str:
        return self._comment("COLUMN", f"{self.table}.{self.editor.quote_name(column)}", comment)

    def _comment(self, kind: str, target: str, comment: str | None) -> str:
        return f"COMMENT ON {kind} {target} IS {self.editor.quote_value(comment) if comment else 'NULL'}"
