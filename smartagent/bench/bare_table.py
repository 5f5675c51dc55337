"""A table that is filled bare: its indexes and keys are made once, over all rows, instead of kept up for each."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

KEYS = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')"""
INDEX_DEFINITIONS_SQL = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
              WHERE indrelid = %s::regclass"""


@contextmanager
def bare(table: str) -> Iterator[None]:
    """Take the keys and indexes of `table` away for the length of the block; no other table may refer to it."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS, [table])
        keys = cursor.fetchall()
        for name, _ in keys:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(INDEX_DEFINITIONS_SQL, [table])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in keys:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
