"""Partitions whose rows have all exceeded their retention are dropped; the first partition then begins later.

Rows to keep are copied to the first partition that takes their place. Locks: SHARE ROW EXCLUSIVE on the partitions that
end while rows are copied, then ACCESS EXCLUSIVE on the table, for milliseconds: DETACH PARTITION needs it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.partitions.ahead import create_like
from smartagent.adoption.partitions.layout import Partition, find_layout

Keep = Callable[[CursorWrapper, str, str], None]  # copies the rows to keep from a table to another


def drop_expired(
    connection: BaseDatabaseWrapper, table: str, before: datetime, keep: Keep | None = None
) -> list[Partition]:
    """Drop the months that have no row from `before` on, all but what `keep` copies; return their partitions."""
    ended = find_layout(connection, table).ended_by(before)
    months = [each for each in ended if each.start is not None]
    if months:
        what = f"{table}: {', '.join(each.name for each in months)} dropped"
        patiently(connection, what, lambda: _replace_first(connection, table, ended, keep))
    return months


def _replace_first(connection: BaseDatabaseWrapper, table: str, ended: Sequence[Partition], keep: Keep | None) -> None:
    quote = connection.ops.quote_name
    whole, kept, first = quote(table), f"{table}_kept", quote(f"{table}_before")
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE ONLY {whole} IN SHARE UPDATE EXCLUSIVE MODE")
        create_like(cursor, table, kept)
        for partition in reversed(ended):
            name = quote(partition.name)
            cursor.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
            if keep:
                keep(cursor, name, quote(kept))
        for partition in ended:
            cursor.execute(f"ALTER TABLE {whole} DETACH PARTITION {quote(partition.name)}")
            cursor.execute(f"DROP TABLE {quote(partition.name)}")
        cursor.execute(f"ALTER TABLE {quote(kept)} RENAME TO {first}")
        attach = f"ALTER TABLE {whole} ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO (%s)"
        cursor.execute(attach, [ended[-1].end])
