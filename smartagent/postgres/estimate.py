"""What a query will give and cost, as the planner of the database estimates it."""

import json
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from smartagent.postgres.queries import sql_of


class Estimate(NamedTuple):
    """`cost` is in the planner's units: one is a page read in sequence."""

    rows: int
    cost: float


def estimated(rows: QuerySet[Any]) -> Estimate:
    """The estimate, in about a millisecond; it is as old as the statistics of the table."""
    sql, params = sql_of(rows.order_by().values("pk"))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = (found if isinstance(found, list) else json.loads(found))[0]["Plan"]
    return Estimate(int(plan["Plan Rows"]), float(plan["Total Cost"]))
