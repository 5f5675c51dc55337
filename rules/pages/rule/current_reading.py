"""The current reading of a rule and whether it would fire now: beside the form, and on the rule's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rules.authoring.templates import template_of
from rules.engine.intervals import spelled
from rules.evaluation.preview import InstancePreview, Preview, preview
from rules.models import AutomationRule
from rules.text.phrases import begun, limit, number, series
from rules.text.reading import aggregation_in, aggregation_of, reading_in_words, what_is_read
from rules.text.rule import CLEAR, rule_in_words
from smartagent.kernel.formats import counted
from smartagent.kernel.limits import limited

HEADLINES = {
    "met": "Would fire now", "held": "Would not fire", "clear": "Would not fire", "missing": "No reading",
    "failed": "Error",
}  # fmt: skip

MAX_INSTANCES_LISTED = 10
VERDICT_WORDS = {
    "met": "met", "held": "not past the recovery threshold", "clear": "not met", "missing": "no data",
    "failed": "error",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The display of a preview: a verdict with its colour, and a sentence."""

    verdict: str
    headline: str
    sentence: str
    observed_at: datetime | None = None
    instances: tuple["InstanceReading", ...] = ()
    more: int = 0  # instances that are not among them


@dataclass(frozen=True, slots=True)
class InstanceReading:
    """The display of one instance of a rule on series."""

    target: str
    value_text: str
    verdict_text: str


def _shown(one: InstancePreview) -> InstanceReading:
    return InstanceReading(one.target, number(one.value), VERDICT_WORDS[one.verdict])


def reading_of(rule: AutomationRule, now: datetime) -> Reading:
    """The reading of `rule` at `now`, in words."""
    seen = preview(rule, now)
    everyone = rule.applies_to == AutomationRule.AppliesTo.EVERYONE
    sentence = _of_several(rule, seen) if seen.conditions else _of_one(rule, seen)
    if rule.watches_series:
        sentence = f"{_of_instances(seen)} {sentence}".strip()
    elif everyone:
        sentence = f"Would fire for {seen.met:,} of {seen.people:,} people. {sentence}"
    policy = {"missing": rule.no_data_policy, "failed": rule.error_policy}.get(seen.verdict)
    fires = bool(seen.met) or policy == "fire"
    verdict = "met" if fires else ("clear" if everyone and seen.verdict != "failed" else seen.verdict)
    headline = HEADLINES[verdict] + (", critical" if fires and seen.worsens else "")
    if fires and rule.pending_for:
        headline = f"Would fire after {spelled(rule.pending_for)}"
    return Reading(
        verdict=verdict,
        headline=headline,
        sentence=sentence,
        observed_at=seen.observed_at,
        instances=tuple(map(_shown, seen.instances)),
        more=max(seen.people - MAX_INSTANCES_LISTED, 0) if seen.instances else 0,
    )


def _of_one(rule: AutomationRule, seen: Preview) -> str:
    watched = series(rule.metric_type, str(rule.user), seen.target or rule.target_integration)
    would_be = limit(rule.condition_operator, rule.threshold_value, seen.value)
    value = number(seen.value, rule.threshold_value)
    sentence = {
        "met": f"{watched} is {value}: {would_be}.",
        "held": f"{watched} is {value}: not {would_be}. {_held(rule, seen)}",
        "clear": f"{watched} is {value}: not {would_be}.",
        "missing": _missing(rule, watched, seen.cause),
        "failed": f"{watched} could not be read: {seen.cause} {_without(rule.error_policy)}",
    }[seen.verdict]
    return begun(sentence, rule.metric_type)


def _of_instances(seen: Preview) -> str:
    """How many instances would fire; nothing where there are none."""
    if seen.verdict == "missing" and not any(each.value is not None for each in seen.instances):
        return ""
    return f"Would fire for {seen.met:,} of {counted(seen.people, 'instance')}. The worst:"


def _missing(rule: AutomationRule, watched: str, cause: str) -> str:
    usable = f"usable reading of {watched}: {cause}" if cause else f"reading of {watched}"
    return f"There is no {usable}. {_without(rule.no_data_policy)}"


def _held(rule: AutomationRule, seen: Preview) -> str:
    side = CLEAR.get(rule.condition_operator, "past")
    return f"If firing, it would continue until {side} {number(rule.recovery_threshold, seen.value)}."


def _of_several(rule: AutomationRule, seen: Preview) -> str:
    """Each condition with its reading."""
    of_group = {"series_aggregate": aggregation_of(rule).of_group}
    conditions = " ".join(_condition(each | of_group, str(rule.user)) for each in seen.conditions or [])
    if seen.verdict == "missing":
        conditions += f" {seen.cause[:1].upper()}{seen.cause[1:]}." if seen.cause else ""
        return f"{conditions} {_without(rule.no_data_policy)}"
    return f"{conditions} {seen.cause}".strip()


def _condition(facts: Mapping[str, Any], whose: str) -> str:
    what, how = (facts["metric"], whose, facts["target"]), aggregation_in(facts)
    if facts["value"] is None:
        return f"There is no reading of {what_is_read(how, *what)}."
    read = begun(reading_in_words(how, *what, facts["value"], facts["threshold"]), facts["metric"])
    if how.says_absence(facts["value"]):
        return f"{read}."
    would_be = limit(facts["operator"], facts["threshold"], facts["value"])
    return f"{read}: {'' if facts['verdict'] == 'met' else 'not '}{would_be}."


def _without(policy: str) -> str:
    return {
        "fire": "The rule fires on no data.",
        "resolve": "The rule resolves on no data.",
    }.get(policy, "The rule keeps its state.")


@require_POST
@limited("previews")
def form_reading(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """A fragment for the unsaved form: the rule in words, and its reading."""
    if not (model_admin.has_add_permission(request) or model_admin.has_change_permission(request)):
        raise PermissionDenied
    form = model_admin.get_form(request)(request.POST)
    rule, template = form.condition(), template_of(request.POST.get("trial_template", ""))
    context = {
        "rule_words": rule_in_words(rule) if rule else "",
        "reading": reading_of(rule, timezone.now()) if rule else None,
        "problems": form.condition_problems(), "in_editor": True,
        "description": template.describe(rule) if rule and template else "",
    }  # fmt: skip
    return render(request, "rules/_reading.html", context)
