"""The rules that triggered most in a period, of the newest entries of the log."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.urls import reverse

from rules.models import AutomationRule
from rules.models.querysets import ActivityQuerySet
from smartagent.dashboard.overview_period import OverviewPeriod

NOISY_RULES_SHOWN = 5
MAX_ENTRIES_COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class TriggeringRule:
    """A rule, how often it triggered, its share of the most frequent one in percent, and the list of it."""

    rule: AutomationRule
    triggered: int
    share: int
    link: str


@dataclass(frozen=True, slots=True)
class NoisyRules:
    """The noisiest first; `counted` says of how many entries, where there are more than are counted."""

    rules: list[TriggeringRule]
    counted: int | None


def noisy_rules(entries: ActivityQuerySet, user: Any, period: OverviewPeriod) -> NoisyRules:
    """The rules visible to `user` that fired and repeated most, in two queries of bounded cost."""
    counts = _counts(entries.triggered().since(period.start))
    first = [key for key in counts if key][:NOISY_RULES_SHOWN]
    known = AutomationRule.objects.visible_to(user).in_bulk(first)
    most = max(counts.values(), default=0)
    rules = [_row(known[key], counts[key], most, period) for key in first if key in known]
    return NoisyRules(rules, MAX_ENTRIES_COUNTED if sum(counts.values()) >= MAX_ENTRIES_COUNTED else None)


def _counts(entries: ActivityQuerySet) -> dict[UUID | None, int]:
    """How often each rule is among the newest of `entries`, the most frequent first."""
    newest = entries.order_by("-created_at").values("rule")[:MAX_ENTRIES_COUNTED]
    sql, params = newest.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rule_id, count(*) FROM ({sql}) AS n (rule_id) GROUP BY 1 ORDER BY 2 DESC, 1", params)
        return dict(cursor.fetchall())


def _row(rule: AutomationRule, triggered: int, most: int, period: OverviewPeriod) -> TriggeringRule:
    query = urlencode({"rule": rule.pk, "event": "triggered", "within": period.name})
    link = f"{reverse('admin:rules_activityentry_changelist')}?{query}"
    return TriggeringRule(rule, triggered, round(100 * triggered / most), link)
