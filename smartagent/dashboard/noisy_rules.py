"""The rules that triggered most in a period, of the newest entries of the log."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from rules.models import ActivityEntry, AutomationRule
from rules.models.querysets import ActivityQuerySet
from smartagent.dashboard.overview_period import OverviewPeriod

NOISY_RULES_SHOWN = 5
MAX_ENTRIES_COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class NoisyRule:
    """A rule, how often it triggered, its share of the most frequent one in percent, and the list of it."""

    rule: AutomationRule
    triggered: int
    share: int
    link: str


@dataclass(frozen=True, slots=True)
class NoisyRules:
    """The noisiest first; `counted` says of how many entries, where there are more than are counted."""

    rules: list[NoisyRule]
    counted: int | None


def noisy_rules(entries: ActivityQuerySet, user: Any, period: OverviewPeriod) -> NoisyRules:
    """The rules visible to `user` that fired and repeated most, in two queries of bounded cost."""
    newest = entries.triggered().since(period.start).order_by("-created_at", "-id")[:MAX_ENTRIES_COUNTED]
    by_rule = ActivityEntry.objects.filter(pk__in=newest.values("pk")).order_by().values_list("rule")
    counts = dict(by_rule.annotate(triggered=Count("pk")).order_by("-triggered", "rule"))
    first = [key for key in counts if key][:NOISY_RULES_SHOWN]
    known = AutomationRule.objects.visible_to(user).in_bulk(first)
    most = max(counts.values(), default=0)
    rules = [_row(known[key], counts[key], most, period) for key in first if key in known]
    return NoisyRules(rules, MAX_ENTRIES_COUNTED if sum(counts.values()) >= MAX_ENTRIES_COUNTED else None)


def _row(rule: AutomationRule, triggered: int, most: int, period: OverviewPeriod) -> NoisyRule:
    query = urlencode({"rule": rule.pk, "event": "triggered", "within": period.name})
    link = f"{reverse('admin:rules_activityentry_changelist')}?{query}"
    return NoisyRule(rule, triggered, round(100 * triggered / most), link)
