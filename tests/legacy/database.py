"""A legacy database, built of shapes, and what can be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.legacy import people
from tests.legacy.shapes import REFERENCE, REFERENCES, SHAPES, TOUCH, Shape
from tests.smartagent.adoption.conftest import Takeover

THEIR_COLUMNS = """
SELECT table_name, array_agg(quote_ident(column_name)::text ORDER BY ordinal_position)
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema IN ('legacy', 'auth') AND table_type = 'BASE TABLE' GROUP BY table_name"""
FUNCTIONS = """
SELECT proname, pg_get_functiondef(oid), obj_description(oid, 'pg_proc') FROM pg_proc
 WHERE pronamespace IN ('legacy'::regnamespace, 'auth'::regnamespace) ORDER BY 1, 2"""
TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger')
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
 WHERE relnamespace IN ('legacy'::regnamespace, 'auth'::regnamespace) AND NOT tgisinternal ORDER BY 1, 2"""
VIEWS = "SELECT viewname, definition FROM pg_views WHERE schemaname = 'legacy' ORDER BY 1"
TYPES = """
SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
 WHERE relnamespace IN ('legacy'::regnamespace, 'auth'::regnamespace) AND relkind IN ('r', 'v') AND attnum > 0
   AND NOT attisdropped ORDER BY 1, attnum"""
POLICIES = """
SELECT tablename, policyname, permissive, roles, cmd, qual, with_check
  FROM pg_policies WHERE schemaname = 'legacy' ORDER BY 1, 2"""
GRANTED = """SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'legacy'::regnamespace ORDER BY 1"""


@dataclass
class Database:
    """The shapes it was built of, by table, and our migrations on it."""

    takeover: Takeover
    shapes: Mapping[str, str]
    profiles: str = "with owners"

    def __post_init__(self) -> None:
        self.sql = self.takeover.sql
        self.sql("DROP SCHEMA legacy, auth CASCADE; CREATE SCHEMA legacy")
        self.sql(f"{people.ROLES}{people.AUTH}{people.GRANTS}{people.PROFILES[self.profiles]}{TOUCH}")
        for _, shape in self.found():
            self.sql(shape.create)
        for table, shape in REFERENCES.items():
            if self.shapes[table] == shape and self.shapes["automation_rules"] != "none":
                self.sql(REFERENCE.format(table=table))
        for _, shape in self.found():
            if shape.rows:
                self.sql(shape.rows)
        self.columns: dict[str, list[str]] = dict(self.sql(THEIR_COLUMNS))

    def found(self) -> list[tuple[str, Shape]]:
        """The tables that are there, in the order in which they are made."""
        chosen = [(table, SHAPES[table][name]) for table, name in self.shapes.items()]
        return [(table, shape) for table, shape in chosen if shape.create]

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row in the columns that it had at first; of auth.users without whom we made known there."""
        return {table: self._rows(table, columns) for table, columns in sorted(self.columns.items())}

    def _rows(self, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
        theirs = "WHERE raw_app_meta_data IS NULL" if table == "users" else ""
        name = "auth.users" if table == "users" else table
        row = f"row({', '.join(columns)})::text"
        return self.sql(f"SELECT md5(string_agg({row}, '|' ORDER BY {row})), count(*) FROM {name} {theirs}")

    def catalog(self) -> dict[str, Any]:
        """All that there is, but for rows."""
        return self.takeover.dump() | {
            "functions": self.sql(FUNCTIONS), "triggers": self.sql(TRIGGERS), "granted": self.sql(GRANTED),
            "views": self.sql(VIEWS), "types": self.sql(TYPES), "policies": self.sql(POLICIES),
        }  # fmt: skip

    def catalog_of_theirs(self, before: dict[str, Any]) -> dict[str, Any]:
        """The catalog now, without the tables that were not there before."""
        tables = {name for name, *_ in before["tables"]}
        named = tables | {f"auth.{name}" for name in self.columns}
        kept = {part: [row for row in rows if row[0] in named] for part, rows in self.catalog().items()}
        whole = self.catalog()
        ours = [f" ON legacy.{name} " for name, *_ in whole["tables"] if name not in tables]
        kept["indexes"] = [row for row in whole["indexes"] if not any(name in row[0] for name in ours)]
        return kept | {"functions": whole["functions"]}

    def assert_given_back(self, before: dict[str, Any]) -> None:
        """All of theirs, and nothing else on their tables, is in the catalog."""
        after = self.catalog_of_theirs(before)
        assert {part: sorted(set(map(str, after[part])) ^ set(map(str, before[part]))) for part in before} == {
            part: [] for part in before
        }

    def as_the_old_application(self, statement: str) -> None:
        """Run it as its server does: with its own role, which may do nothing with our tables."""
        self.sql("SET ROLE service_role")
        try:
            self.sql(statement)
        finally:
            self.sql("RESET ROLE")

    def asked_by(self, person: str, function: str) -> Any:
        """Call a function as the person's browser does."""
        self.sql(f"SET ROLE authenticated; SET request.jwt.claim.sub = '{person}'")
        try:
            return self.value(f"SELECT {function}")
        finally:
            self.sql("RESET request.jwt.claim.sub; RESET ROLE")

    def value(self, query: str) -> Any:
        return self.sql(query)[0][0]
