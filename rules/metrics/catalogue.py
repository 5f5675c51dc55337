"""The catalogue of metrics: the built-in ones, queries of data sources, and the names of pushed samples."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from rules.models import MetricQuery
from rules.registries import metrics
from smartagent.kernel.scope import has_everyone

# One index look-up per name, however many series there are: each step takes the next larger name of one owner.
METRIC_NAMES_SQL = """
WITH RECURSIVE owners AS ({owners}),
     names AS (SELECT o.id, (SELECT min(metric) FROM metric_series WHERE {of_owner}) AS metric FROM owners o
                UNION ALL
               SELECT o.id, (SELECT min(metric) FROM metric_series WHERE {of_owner} AND metric > o.metric)
                 FROM names o WHERE o.metric IS NOT NULL)
SELECT DISTINCT metric FROM names WHERE metric IS NOT NULL
"""
OF_PERSON, OF_PLATFORM = "user_id = o.id", "user_id IS NULL"
ONE, ALL, NOBODY = "SELECT %(user)s::uuid AS id", "SELECT id FROM smartagent_users", "SELECT NULL::uuid AS id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric that a rule can watch."""

    kind: str
    label: str
    help: str
    unit: str
    lowest: float | None
    highest: float | None
    max_age: timedelta | None
    built_in: bool
    source: str = ""


def catalogue(user: Any) -> list[Metric]:
    """Return the built-in metrics, queries, and the pushed metrics that `user` may see or that apply to them."""
    built_in = [
        Metric(
            kind=source.kind, label=source.label, help=source.help, unit=source.unit, lowest=source.lowest,
            highest=source.highest, max_age=source.max_age, built_in=True,
        )
        for source in metrics
    ]  # fmt: skip
    queries = [_query(query) for query in MetricQuery.objects.select_related("source")]
    known = {metric.kind for metric in queries}
    return built_in + queries + [_pushed(name) for name in pushed_names(user) if name not in known]


def pushed_names(user: Any) -> list[str]:
    """Return the names of pushed samples, of the people whom `user` may see and of the platform."""
    people = ALL if has_everyone(user, "view") else ONE
    sql = f"{_names(people, OF_PERSON)} UNION {_names(NOBODY, OF_PLATFORM)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, {"user": user.pk})
        return sorted(name for (name,) in cursor.fetchall() if name not in metrics)


def _names(owners: str, of_owner: str) -> str:
    return f"({METRIC_NAMES_SQL.format(owners=owners, of_owner=of_owner)})"


def _pushed(name: str) -> Metric:
    return Metric(
        kind=name, label=name, help="Latest pushed sample of this metric.", unit="", lowest=None,
        highest=None, max_age=timedelta(hours=settings.PUSHED_MAX_AGE_HOURS), built_in=False,
    )  # fmt: skip


def _query(query: MetricQuery) -> Metric:
    return Metric(
        kind=query.name, label=query.name, help=query.description or f"Query of the data source {query.source.name}.",
        unit=query.unit, lowest=None, highest=None, max_age=None, built_in=False, source=query.source.name,
    )  # fmt: skip
