"""Partitions of months to come, made ahead.

A month whose rows came before its partition did (the scheduler was off, a clock was wrong) takes them from the default
partition. Locks, for milliseconds each: SHARE UPDATE EXCLUSIVE on the table, so that others read and write; ACCESS
EXCLUSIVE on its default partition, which only rows of the far future need; SHARE ROW EXCLUSIVE on referenced tables.
"""

from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.partitions.layout import find_layout
from smartagent.adoption.partitions.months import month_name, month_of, months_between
from smartagent.postgres.clients import revoke_from_clients

MADE_AHEAD, NEEDED_AHEAD = timedelta(days=92), timedelta(days=31)
LIKE = "(LIKE {table} INCLUDING DEFAULTS INCLUDING STORAGE)"
MOVE_MONTH = """
WITH moved AS (DELETE FROM {default} WHERE {column} >= %s AND {column} < %s RETURNING *)
INSERT INTO {month} SELECT * FROM moved
"""


def missing_months(
    connection: BaseDatabaseWrapper, table: str, now: datetime, ahead: timedelta
) -> list[tuple[datetime, datetime]]:
    """Return the months of which the partitioned table has no partition, until `ahead` of now: beginning and end."""
    until = find_layout(connection, table).until or month_of(now)
    return list(months_between(until, now + ahead))


def make_ahead(connection: BaseDatabaseWrapper, table: str, column: str, now: datetime) -> list[str]:
    """Make the default partition and the months ahead that the table lacks; return the names of the months."""
    if find_layout(connection, table).default is None:
        patiently(connection, f"{table}: default partition", lambda: make_default(connection, table), table)
    made = []
    for start, end in missing_months(connection, table, now, MADE_AHEAD):
        name = f"{table}_{month_name(start)}"
        patiently(connection, f"{table}: partition {name}", lambda: _make_month(connection, table, column, start, end))  # noqa: B023 it is called at once
        made.append(name)
    return made


def make_default(connection: BaseDatabaseWrapper, table: str) -> None:
    """Make the default partition; one that is there, as an interrupted run leaves it, is attached."""
    quote = connection.ops.quote_name
    default = quote(f"{table}_default")
    with connection.cursor() as cursor:
        create_like(cursor, table, f"{table}_default")
        cursor.execute(f"ALTER TABLE {quote(table)} ATTACH PARTITION {default} DEFAULT")


def create_like(cursor: CursorWrapper, table: str, name: str) -> None:
    """Create a table of the same columns, which no role of the web can use; it gets keys when it is attached."""
    quote = cursor.db.ops.quote_name
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {quote(name)} {LIKE.format(table=quote(table))}")
    revoke_from_clients(cursor, name)


def _make_month(connection: BaseDatabaseWrapper, table: str, column: str, start: datetime, end: datetime) -> None:
    quote = connection.ops.quote_name
    default, name = quote(f"{table}_default"), f"{table}_{month_name(start)}"
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE ONLY {quote(table)} IN SHARE UPDATE EXCLUSIVE MODE")
        cursor.execute(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE")
        create_like(cursor, table, name)
        move = MOVE_MONTH.format(default=default, month=quote(name), column=quote(column))
        cursor.execute(move, [start, end])
        attach = f"ALTER TABLE {quote(table)} ATTACH PARTITION {quote(name)} FOR VALUES FROM (%s) TO (%s)"
        cursor.execute(attach, [start, end])
