"""The current reading of a rule, and whether it would fire now: beside the form, and on the rule's page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rules.models import AutomationRule
from rules.preview import preview
from rules.words import limit, number, series


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is shown of a preview: a verdict with its colour, and a sentence."""

    verdict: str
    headline: str
    sentence: str
    observed_at: datetime | None = None


def reading_of(rule: AutomationRule, now: datetime) -> Reading:
    """The reading of `rule` at `now`, in words."""
    seen = preview(rule, now)
    everyone = rule.applies_to == AutomationRule.AppliesTo.EVERYONE
    watched = series(rule.metric_type, str(rule.user), rule.target_integration)
    would_be = limit(rule.condition_operator, rule.threshold_value)
    sentence = {
        "met": f"{watched} is {number(seen.value)}: {would_be}.",
        "clear": f"{watched} is {number(seen.value)}: not {would_be}.",
        "missing": f"There is no reading of {watched}. {_without(rule)}",
        "failed": f"{watched} could not be read: {seen.cause}",
    }[seen.verdict]
    sentence = sentence[0].upper() + sentence[1:]
    if everyone:
        sentence = f"It would fire for {seen.met:,} of {seen.people:,} people. {sentence}"
    fires = bool(seen.met) or (seen.verdict == "missing" and rule.no_data_policy == "fire")
    verdict = "met" if fires else ("clear" if everyone and seen.verdict != "failed" else seen.verdict)
    return Reading(verdict=verdict, headline=HEADLINES[verdict], sentence=sentence, observed_at=seen.observed_at)


HEADLINES = {
    "met": "Would fire now", "clear": "Would not fire", "missing": "No reading", "failed": "Could not be read",
}  # fmt: skip


def _without(rule: AutomationRule) -> str:
    return {
        "fire": "The rule fires without one.",
        "resolve": "The rule resolves without one.",
    }.get(rule.no_data_policy, "Without one the rule stays as it is.")


@require_POST
def form_reading(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """The reading for what stands in the form at the moment, as a fragment beside it."""
    if not (model_admin.has_add_permission(request) or model_admin.has_change_permission(request)):
        raise PermissionDenied
    form = model_admin.get_form(request)(request.POST)
    rule = form.condition()
    reading = reading_of(rule, timezone.now()) if rule else None
    return render(request, "rules/_reading.html", {"reading": reading, "problems": form.condition_problems()})
