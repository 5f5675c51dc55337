"""A table without indexes and keys while it is filled: they are built once afterwards, instead of row by row."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

KEYS = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f')"""
INDEX_DEFINITIONS_SQL = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
              WHERE indrelid = %s::regclass"""


@contextmanager
def bare(table: str) -> Iterator[None]:
    """Drop the keys and indexes of `table` for the length of the block; no other table may refer to it."""
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
