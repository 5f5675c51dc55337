"""Bulk writes by COPY, the fastest way into PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from smartagent.kernel.member_role import as_owner


def copy_rows(table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY `rows` into `columns` of `table`, in the current transaction; return their number.

    `types` are the PostgreSQL names of the columns' types (COPY casts nothing). A JSON value is given as
    `psycopg.types.json.Jsonb`. The first row that does not fit raises, and nothing is written. Row-level security knows
    no COPY, so it is written as the owner.
    """
    names, count = ", ".join(f'"{column}"' for column in columns), 0
    with (
        as_owner(),
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)') as copy,
    ):
        copy.set_types(list(types))
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
