"""The number of rows of a table: counted if that is quick, else PostgreSQL's estimate."""

import json
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption.routines import RoutinePlace
from smartagent.kernel.formats import counted

QUICK = 64 * 1024 * 1024  # bytes

SIZE = """
SELECT greatest(pg_relation_size(%(oid)s::oid::regclass),
                (SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(%(oid)s::oid::regclass)))"""
KNOWN = """
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
 WHERE relkind <> 'p'
   AND (oid = %(oid)s OR oid IN (SELECT relid FROM pg_partition_tree(%(oid)s::oid::regclass)))"""


@dataclass(frozen=True, kw_only=True)
class RowCount:
    """A number of rows, and whether it was counted or estimated."""

    count: int
    exact: bool

    def __str__(self) -> str:
        return f"{'' if self.exact else 'about '}{counted(self.count, 'row')}"


def count_rows(connection: BaseDatabaseWrapper, place: RoutinePlace) -> RowCount:
    """Count the rows of a small table; estimate those of a large one, or of one that this account may not read."""
    with connection.cursor() as cursor:
        if not place.may_read:
            cursor.execute(KNOWN, {"oid": place.oid})
            return RowCount(count=int(cursor.fetchone()[0]), exact=False)
        cursor.execute(SIZE, {"oid": place.oid})
        if cursor.fetchone()[0] <= QUICK:
            cursor.execute(f"SELECT count(*) FROM {place.name}", None)
            return RowCount(count=int(cursor.fetchone()[0]), exact=True)
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {place.name}", None)
        found = cursor.fetchone()[0]
    plans = json.loads(found) if isinstance(found, str) else found
    return RowCount(count=int(plans[0]["Plan"]["Plan Rows"]), exact=False)
