"""What is ours is the same in a database that was taken over and in one that was empty."""

from tests.legacy.database import Database
from tests.legacy.shapes import SHAPES
from tests.legacy.test_takeover import USUAL
from tests.smartagent.adoption.conftest import Takeover

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema = 'legacy' AND table_type = 'BASE TABLE'"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey)) AS columns
  FROM pg_constraint WHERE connamespace = 'legacy'::regnamespace AND contype <> 'n'"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'legacy'"


def test_column_by_column(takeover: Takeover) -> None:
    taken_over = Database(takeover, shapes=USUAL)
    takeover.forwards()
    theirs = {(table, column) for table, columns in taken_over.columns.items() for column in columns}
    adopted = ours(takeover, theirs)
    takeover.backwards("optimizer", "notifications", "rules", "smartagent")
    Database(takeover, shapes=dict.fromkeys(SHAPES, "none"))
    takeover.forwards()
    assert ours(takeover, theirs) == adopted


def ours(takeover: Takeover, theirs: set[tuple[str, str]]) -> dict[str, set[tuple[object, ...]]]:
    """Columns, constraints and indexes, without those that stand on a column of theirs."""
    constraints = takeover.sql(CONSTRAINTS)
    shared = {name for table, name, *_, columns in constraints if any((table, each) in theirs for each in columns)}
    tables = {table for table, _ in theirs}
    indexes = [
        row
        for row in takeover.sql(INDEXES)
        if row[1].replace(" ON ONLY ", " ON ").split(" ON legacy.")[1].split()[0] not in tables
    ]
    return {
        "columns": {row for row in takeover.sql(COLUMNS) if row[:2] not in theirs},
        "constraints": {(*row[:4], *row[4]) for row in constraints if row[1] not in shared},
        "indexes": set(indexes),
    }
