"""The schema of an existing table as frozen values: columns, constraints and indexes, each by one query.

The table is the one that the connection's search path finds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smartagent.adoption import ownership_marks

CHECK, FOREIGN_KEY = "c", "f"
# For `widen`: the words of the column are no closed list for us. A CHECK is asked about this one, and opened for all.
ANY_WORD = "any other word"
OPEN_VOCABULARY = (ANY_WORD,)
Widen = Mapping[str, Sequence[str]]
# What a word can be compared with: only such columns have a vocabulary.
WORDS = frozenset({"text", "character varying", "character", "citext"})


class NotATable(Exception):
    """A view or another object has the name of a required table. Rename it or drop it, and migrate again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: {self.__doc__}")


@dataclass(frozen=True, kw_only=True)
class FoundColumn:
    """A column; `default` is true for generated and identity columns as well."""

    name: str
    type: str
    not_null: bool = False
    default: bool = False
    comment: str | None = None

    @property
    def added(self) -> bool:
        return ownership_marks.is_added(self.comment)

    @property
    def required(self) -> bool:
        """Whether an INSERT without this column fails."""
        return self.not_null and not self.default


@dataclass(frozen=True, kw_only=True)
class FoundConstraint:
    """A constraint; `refuses` are the required words that a CHECK rejects."""

    name: str
    kind: str
    columns: tuple[str, ...]
    definition: str
    expression: str | None = None
    comment: str | None = None
    refuses: tuple[str, ...] = ()
    valid: bool = True


@dataclass(frozen=True, kw_only=True)
class FoundIndex:
    """An index; `whole`: it covers every row, `valid`: its build was completed."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    whole: bool = True
    valid: bool = True
    primary: bool = False
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class FoundTable:
    """A table with its columns, constraints and indexes."""

    name: str
    columns: tuple[FoundColumn, ...] = ()
    constraints: tuple[FoundConstraint, ...] = ()
    indexes: tuple[FoundIndex, ...] = ()
    comment: str | None = None

    @property
    def created(self) -> bool:
        return ownership_marks.entry(self.comment) == ownership_marks.CREATED

    def column(self, name: str) -> FoundColumn | None:
        return next((column for column in self.columns if column.name == name), None)

    def is_theirs(self, column: str) -> bool:
        """Whether the column existed before Smart Agent, so that the old application may write it."""
        found = self.column(column)
        return bool(found) and not self.created and not (found and found.added)

    def has(self, name: str) -> bool:
        """Whether an index or a constraint of the table has this name."""
        return any(each.name == name for each in self.constraints) or any(each.name == name for each in self.indexes)


def find_table(connection: BaseDatabaseWrapper, name: str, widen: Widen | None = None) -> FoundTable | None:
    """Return the table `name` of this connection, None if there is none; NotATable for a view or the like."""
    with connection.cursor() as cursor:
        head = _rows(cursor, TABLE, [name])
        if not head:
            return None
        oid, is_table, comment = head[0]
        if not is_table:
            raise NotATable(name)
        columns = tuple(FoundColumn(**row) for row in _named(cursor, COLUMNS_SQL, oid))
        indexes = tuple(FoundIndex(**_tupled(row)) for row in _named(cursor, INDEXES_SQL, oid))
        constraints = tuple(FoundConstraint(**_tupled(row)) for row in _named(cursor, CONSTRAINTS, oid))
        found = FoundTable(name=name, comment=comment, columns=columns, indexes=indexes, constraints=constraints)
        return replace(found, constraints=tuple(_asked(cursor, found, c, widen or {}) for c in constraints))


def _asked(cursor: CursorWrapper, table: FoundTable, found: FoundConstraint, widen: Widen) -> FoundConstraint:
    """Evaluate a CHECK on one column with the required words: right however the CHECK is written."""
    if found.kind != CHECK or len(found.columns) != 1:
        return found
    column = table.column(found.columns[0])
    if column is None or column.name not in widen or column.type not in WORDS:
        return found
    name = cursor.db.ops.quote_name(column.name)
    query = f"SELECT {name} FROM unnest(%s::text[]) AS word({name}) WHERE NOT ("
    # The expression is theirs and may hold a percent sign.
    query += (found.expression or "").replace("%", "%%") + ")"
    return replace(found, refuses=tuple(word for (word,) in _rows(cursor, query, [list(widen[column.name])])))


def _rows(cursor: CursorWrapper, query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    cursor.execute(query, params)
    return list(cursor.fetchall())


def _named(cursor: CursorWrapper, query: str, oid: int) -> list[dict[str, Any]]:
    rows = _rows(cursor, query, [oid])
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _tupled(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"columns": tuple(row["columns"])}


TABLE = """
SELECT oid::bigint, relkind IN ('r', 'p'), obj_description(oid, 'pg_class')
FROM pg_class WHERE oid = to_regclass(quote_ident(%s))"""

COLUMNS_SQL = """
SELECT attname AS name, format_type(atttypid, NULL) AS type, attnotnull AS not_null,
       atthasdef OR attidentity <> '' AS default, col_description(attrelid, attnum) AS comment
FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

CONSTRAINTS = """
SELECT conname AS name, contype::text AS kind, convalidated AS valid,
       pg_get_constraintdef(oid) AS definition,
       pg_get_expr(conbin, conrelid) AS expression, obj_description(oid, 'pg_constraint') AS comment,
       ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key(number, place)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns
FROM pg_constraint WHERE conrelid = %s AND contype IN ('c', 'f', 'u', 'p', 'x') ORDER BY conname"""

INDEXES_SQL = """
SELECT relname AS name, indisunique AS unique, indpred IS NULL AND indisvalid AS whole, indisvalid AS valid,
       indisprimary AS primary, obj_description(indexrelid, 'pg_class') AS comment,
       ARRAY(SELECT coalesce(attname::text, '')
             FROM unnest(indkey::int2[]) WITH ORDINALITY AS key(number, place)
             LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number > 0
             WHERE place <= indnkeyatts ORDER BY place) AS columns
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = %s ORDER BY relname"""
