"""Drift between models and database: missing tables and columns, for example after restoring an old dump.

One query compares the catalog with the models, so that missing parts are known whatever the server's language. `known`
queries at most every half a minute, for every page.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.apps import apps
from django.db import connection
from psycopg import pq

from smartagent.kernel.member_role import as_owner

# undefined_column, undefined_table
SQLSTATES = frozenset({"42703", "42P01"})
DRIFT_TTL = 30.0  # seconds
HOW_TO_REPAIR = "`manage.py doctor --fix` repairs the schema, as does Repair under System health"

MISSING_SQL = """
SELECT wanted.of_table, CASE WHEN there.oid IS NULL THEN '' ELSE wanted.of_column END
  FROM unnest(%s::text[], %s::text[]) AS wanted (of_table, of_column)
  LEFT JOIN pg_class there ON there.oid = to_regclass(quote_ident(wanted.of_table))
  LEFT JOIN pg_attribute a ON a.attrelid = there.oid AND a.attname = wanted.of_column AND a.attnum > 0
        AND NOT a.attisdropped
 WHERE a.attname IS NULL GROUP BY 1, 2 ORDER BY 1, 2"""


@dataclass(frozen=True, order=True)
class Missing:
    """A missing column, or a missing table where it has no name."""

    table: str
    column: str = ""

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    def __str__(self) -> str:
        return f"the column {self.column} of the table {self.table}" if self.column else f"the table {self.table}"


class _DriftCache:
    """The last result, and its time."""

    seen: ClassVar[tuple[Missing, ...]] = ()
    until: ClassVar[float] = 0.0


@as_owner()
def look() -> tuple[Missing, ...]:
    """Return what is missing now."""
    wanted = list(_wanted())
    with connection.cursor() as cursor:
        cursor.execute(MISSING_SQL, [[table for table, _ in wanted], [column for _, column in wanted]])
        _DriftCache.seen = tuple(Missing(*row) for row in cursor.fetchall())
    _DriftCache.until = time.monotonic() + DRIFT_TTL
    return _DriftCache.seen


def known() -> tuple[Missing, ...]:
    """Return what was missing in the last half a minute."""
    return _DriftCache.seen if time.monotonic() < _DriftCache.until else look()


def forget() -> None:
    """Discard the cached result, after a repair."""
    _DriftCache.until = 0.0


def is_about_schema(error: BaseException) -> bool:
    """Whether the error is about a missing table or column."""
    return any(getattr(each, "sqlstate", None) in SQLSTATES for each in (error, error.__cause__))


def behind(error: BaseException) -> tuple[Missing, ...]:
    """Return the missing parts that caused `error`; empty where it has another cause."""
    if not is_about_schema(error):
        return ()
    missing = look() if _may_ask() else known_before()
    message = str(error)
    named = tuple(each for each in missing if (each.column or each.table) in message)
    return named or missing


def known_before() -> tuple[Missing, ...]:
    """Return the cached result, without a query."""
    return _DriftCache.seen


def in_words(missing: Iterable[Missing]) -> str:
    """One or two sentences: what is missing, and the fix."""
    names = [str(each) for each in missing]
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"{named[:1].upper()}{named[1:]} {'is' if len(names) == 1 else 'are'} missing in the database. {HOW_TO_REPAIR}."
    )


def _may_ask() -> bool:
    """Whether the present transaction, if any, can still run queries."""
    raw: Any = connection.connection
    broken = raw is not None and raw.info.transaction_status == pq.TransactionStatus.INERROR
    return not (broken or (connection.in_atomic_block and connection.needs_rollback))


def _wanted() -> Iterable[tuple[str, str]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.local_concrete_fields:
                if field.column is not None:
                    yield model._meta.db_table, field.column
