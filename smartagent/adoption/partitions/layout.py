"""The partitions of a table, as PostgreSQL's catalog has them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

IS_PARTITIONED_SQL = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(quote_ident(%s))"
PARTITIONS_SQL = r"""
SELECT name, bound = 'DEFAULT', (regexp_match(bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz,
       (regexp_match(bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz
  FROM (SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
          FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
         WHERE inhparent = to_regclass(quote_ident(%s))) AS partitions
 ORDER BY 3 NULLS FIRST
"""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition from `start` (None: of the first one) until `end`; the default partition has neither."""

    name: str
    is_default: bool
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Layout:
    """The partitions of a table, the oldest first."""

    partitions: tuple[Partition, ...]

    @property
    def default(self) -> Partition | None:
        """The partition of rows that are newer than all months."""
        return next((each for each in self.partitions if each.is_default), None)

    @property
    def first(self) -> Partition | None:
        """The partition of rows that are older than all months."""
        return next((each for each in self.partitions if not each.is_default and each.start is None), None)

    @property
    def until(self) -> datetime | None:
        """The end of the last month."""
        return max((each.end for each in self.partitions if each.end), default=None)

    def ended_by(self, time: datetime) -> list[Partition]:
        """The partitions that have no row from `time` on."""
        return [each for each in self.partitions if each.end and each.end <= time]


def is_partitioned(connection: BaseDatabaseWrapper, table: str) -> bool | None:
    """Whether the table is partitioned; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(IS_PARTITIONED_SQL, [table])
        found = cursor.fetchone()
    return found[0] if found else None


def find_layout(connection: BaseDatabaseWrapper, table: str) -> Layout:
    """Return the partitions of a table; none of one that is not partitioned."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS_SQL, [table])
        rows = cursor.fetchall()
    return Layout(
        tuple(Partition(name=name, is_default=default, start=start, end=end) for name, default, start, end in rows)
    )
