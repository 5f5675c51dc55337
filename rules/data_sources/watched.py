"""Which metric queries are needed: those that rules in force watch, or those that are named; and who watches them."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.models import AutomationRule, MetricQuery
from rules.models.querysets import RuleQuerySet

WATCHED_SQL = """
WITH more AS (SELECT DISTINCT c.it->>'metric' AS metric
                FROM automation_rules r CROSS JOIN LATERAL jsonb_array_elements(
                     CASE WHEN jsonb_typeof(r.more_conditions) = 'array' THEN r.more_conditions ELSE '[]' END) AS c (it)
               WHERE {in_force} AND r.more_conditions <> '[]' {only})
SELECT q.id FROM metric_queries q
 WHERE EXISTS (SELECT FROM automation_rules r WHERE r.metric_type = q.name AND {in_force} {only})
    OR q.name IN (SELECT metric FROM more)
"""
WATCHING_SQL = """
SELECT r.id FROM automation_rules r CROSS JOIN LATERAL jsonb_array_elements(
       CASE WHEN jsonb_typeof(r.more_conditions) = 'array' THEN r.more_conditions ELSE '[]' END) AS c (it)
 WHERE r.more_conditions <> '[]' AND c.it->>'metric' = ANY(%s)
"""


def queries_watched(owner: UUID | None = None, rule: UUID | None = None) -> list[MetricQuery]:
    """The queries that rules in force watch, those of one person or one rule where given; with their sources."""
    if not MetricQuery.objects.exists():  # the usual case: no rule need be looked at
        return []
    only = (" AND r.user_id = %(owner)s" if owner else "") + (" AND r.id = %(rule)s" if rule else "")
    with connection.cursor() as cursor:
        cursor.execute(WATCHED_SQL.format(in_force=IN_FORCE_SQL, only=only), {"owner": owner, "rule": rule})
        keys = [key for (key,) in cursor.fetchall()]
    return list(MetricQuery.objects.filter(pk__in=keys).select_related("source"))


def queries_named(metrics: Collection[str]) -> list[MetricQuery]:
    """The queries among `metrics`, with their sources."""
    return list(MetricQuery.objects.filter(name__in=metrics).select_related("source"))


def query_names() -> list[str]:
    """The names of all metric queries: no pushed samples are read for them."""
    return list(MetricQuery.objects.order_by().values_list("name", flat=True))


def watching(names: Collection[str]) -> RuleQuerySet:
    """The rules that are not deleted and watch one of these metrics, in any of their conditions."""
    further = RawSQL(WATCHING_SQL, [list(names)])  # noqa: S611
    found: RuleQuerySet = AutomationRule.objects.filter(Q(metric_type__in=list(names)) | Q(pk__in=further))
    return found
