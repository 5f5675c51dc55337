"""QuerySets as SQL, to be part of a larger statement."""

from typing import Any

from django.db.models import QuerySet


def sql_of(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """The SELECT of `rows` and its parameters, also where no row can match."""
    sql, params = rows.query.get_compiler(rows.db, elide_empty=False).as_sql()
    return sql, tuple(params)
