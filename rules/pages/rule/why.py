"""The page “Why did it not fire at …?”, answered from the history."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rules.backtesting.explanation import explain
from rules.backtesting.instances import series_keys
from rules.explain.replay import answer, condition_in_words, steps_in_words
from rules.models import AutomationRule
from rules.pages.rule.page import find_rule
from rules.text.activity import named_entries
from rules.text.rule import rule_in_words
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.times import read_time
from smartagent.models import User
from smartagent.shell.owned_admin import OwnedAdmin

MAX_NEARBY, MAX_TARGETS = 5, 200


@require_safe
def why_page(request: HttpRequest, model_admin: OwnedAdmin, rule_id: UUID) -> HttpResponse:
    """Ask for a time, and show the explanation; by default of now."""
    rule = find_rule(model_admin, request, rule_id)
    person, problem = _person(request, rule), ""
    targets = _targets(rule, person)
    target = request.GET.get("target", targets[0] if targets else "")
    given = request.GET.get("at", "").strip() or f"{timezone.localtime():%Y-%m-%dT%H:%M}"
    facts: dict[str, Any] = {}
    try:
        facts = _answered(rule, person, _time(given), target)
    except ValueError as error:
        problem = str(error)
    context = {
        "title": f"Why? · {rule}", "rule": rule, "person": person, "problem": problem,
        "given": given, "people": _people(request, rule), "target": target, "targets": targets,
    } | facts  # fmt: skip
    return model_admin.show(request, "rules/why.html", context)


def _answered(rule: AutomationRule, person: User, at: datetime, target: str) -> dict[str, Any]:
    why = explain(rule, person.pk, at, target)
    entries = rule.entries.filter(context__person=str(person.pk))
    entries = entries.filter(context__target=target) if rule.watches_series else entries
    return {
        "why": why, "answers": answer(why), "rule_then": rule_in_words(why.rule),
        "conditions": [(condition_in_words(observed), observed.observed_at) for observed in why.observed],
        "steps": steps_in_words(why),
        "entries_before": named_entries(list(entries.filter(created_at__lte=at).order_by("-created_at")[:MAX_NEARBY])),
        "entries_after": named_entries(list(entries.filter(created_at__gt=at).order_by("created_at")[:MAX_NEARBY])),
    }  # fmt: skip


def _time(text: str) -> datetime:
    at = read_time(text, timezone.get_current_timezone())
    if at > timezone.now():
        raise ValueError("This time is in the future.")
    if at.year < 2000:
        raise ValueError("There are no readings from that time.")
    return at


def _person(request: HttpRequest, rule: AutomationRule) -> User:
    key = as_uuid(request.GET.get("person", ""))
    if key is None or rule.applies_to != AutomationRule.AppliesTo.EVERYONE:
        return rule.user
    if not has_everyone(request.user, "view"):
        return rule.user
    return User.objects.filter(pk=key).first() or rule.user


def _targets(rule: AutomationRule, person: User) -> list[str]:
    """The series of a rule on series to choose from, those that fire first."""
    if not rule.watches_series:
        return []
    known = rule.states.filter(user=person).exclude(target="").order_by("condition", "target")
    try:
        found = series_keys(rule, person.pk, timezone.now() - timedelta(hours=1), timezone.now())
    except ValueError:
        found = []
    return list(dict.fromkeys([*known.values_list("target", flat=True)[:MAX_TARGETS], *found]))[:MAX_TARGETS]


def _people(request: HttpRequest, rule: AutomationRule) -> list[User]:
    if rule.applies_to != AutomationRule.AppliesTo.EVERYONE or not has_everyone(request.user, "view"):
        return []
    return list(User.objects.filter(is_active=True).order_by("full_name", "email")[:300])
