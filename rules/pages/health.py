"""The page “Rule health”: findings, noisiest rules, feedback."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rules.health.check import times
from rules.health.examination import Examination, examine
from rules.health.feedback_counts import judged_by, precision_of
from rules.health.noisiest import MONTH, WEEK, NoisyRule, noisiest
from rules.health.precision import Precision
from rules.health.suggestion import improve
from rules.pages.rule.page import find_rule
from smartagent.kernel.formats import counted
from smartagent.shell.cards import Card
from smartagent.shell.owned_admin import OwnedAdmin

MAX_NAME_SHOWN = 24
RULE_LIST = "admin:rules_automationrule_changelist"


@dataclass(frozen=True, slots=True)
class NoisyRuleRow:
    """One of the noisiest rules, as the page shows it."""

    rule: NoisyRule
    notified: int
    fired: int
    precision: Precision | None


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """Show the health of the rules that the person sees."""
    if not request.user.has_perm("rules.view_automationrule"):
        raise PermissionDenied
    now, days = timezone.now(), WEEK if request.GET.get("days") == str(WEEK) else MONTH
    examined = examine(request.user, now)
    noisy = _noisy_rows(noisiest(request.user, now, days), days, now)
    context = site.each_context(request) | {
        "title": "Rule health",
        "cards": _cards(examined, judged_by(request.user, now)),
        "examined": examined,
        "noisiest": noisy,
        "days": days,
        "other_days": WEEK if days == MONTH else MONTH,
        "chart": chart(noisy),
        "words": noisy_rules_text(noisy, days),
        "may_add": request.user.has_perm("rules.add_automationrule"),
    }
    return render(request, "rules/health.html", context)


@require_safe
def improvement_page(request: HttpRequest, model_admin: OwnedAdmin, rule_id: uuid.UUID) -> HttpResponse:
    """Show a better threshold for the rule: a fragment for htmx, else a page."""
    rule = find_rule(model_admin, request, rule_id)
    context: dict[str, Any] = {
        "rule": rule,
        "improvement": improve(rule, timezone.now()),
        "may_change": model_admin.has_change_permission(request, rule),
    }
    if request.headers.get("hx-request"):
        return render(request, "rules/health/_improvement.html", context)
    title = f"Suggested threshold: {rule}"
    return model_admin.show(request, "rules/health/improvement.html", context | {"title": title})


def chart(noisy: Sequence[NoisyRuleRow]) -> str:
    """The data for Chart.js: notifications and firings of each rule, in Unfold's colours."""
    notified, fired = [each.notified for each in noisy], [each.fired for each in noisy]
    bars = [
        {"label": "Notifications", "data": notified, "backgroundColor": "var(--color-primary-500)"},
        {"label": "Firings", "data": fired, "backgroundColor": "var(--color-base-400)"},
    ]
    return json.dumps({"labels": [_short(each.rule.name) for each in noisy], "datasets": bars})


def noisy_rules_text(noisy: Sequence[NoisyRuleRow], days: int) -> str:
    """The chart as text, for screen readers."""
    if not noisy:
        return f"No rule has fired in the last {days} days."
    first = noisy[0]
    counts = f"{counted(first.notified, 'notification')}, fired {times(first.fired)}"
    summary = f"“{first.rule.name}” is the noisiest rule of the last {days} days: {counts}."
    rest = sum(each.notified for each in noisy[1:])
    return f"{summary} The other rules shown: {rest:,} in total." if len(noisy) > 1 else summary


def _noisy_rows(rules: Sequence[NoisyRule], days: int, now: datetime) -> list[NoisyRuleRow]:
    precisions = precision_of([rule.id for rule in rules], now)
    return [
        NoisyRuleRow(rule, rule.noise.notified(days), rule.noise.fired(days), precisions.get(rule.id)) for rule in rules
    ]


def _cards(examined: Examination, judged: Precision) -> list[Card]:
    listed, share = reverse(RULE_LIST), judged.share
    return [
        Card("Checked", f"{examined.looked_at:,}", f"{listed}?status=active"),
        Card("No findings", f"{examined.well:,}", "#findings"),
        Card("With findings", f"{examined.affected:,}", "#findings", alarming=examined.affected > 0),
        Card("Findings", f"{sum(section.count for section in examined.sections):,}", "#findings"),
        Card("Rated useful", "–" if share is None else f"{100 * share:.0f} %", "#noisiest"),
        Card("Ratings, 90 days", f"{judged.judged:,}", "#noisiest"),
    ]


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_SHOWN else name[: MAX_NAME_SHOWN - 1] + "…"
