"""The page of one rule: condition in words, reading, instances, activity."""

import uuid
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules.action_options import shown_options
from rules.health.one_rule import health_of
from rules.lifecycle.status import activate, pause
from rules.models import AutomationRule, RuleState
from rules.pages.rule.current_reading import Reading, reading_of
from rules.pages.rule.history import history_context
from rules.pages.rule.state_counts import more_than, states_counted, states_in_words
from rules.permissions import may_switch
from rules.text.activity import named_entries
from rules.text.entry import rule_in_words
from smartagent.postgres.estimate import estimated
from smartagent.shell.owned_admin import OwnedAdmin

MAX_RULE_ENTRIES = 20
MAX_RULE_INSTANCES = 12  # with a stored state
# Entries of the time that health counts, with which it comes with the page; else after it.
MAX_ENTRIES_AT_ONCE, HEALTH_SPAN = 5_000, timedelta(days=30)
WORST_STATE_FIRST = ["firing", "error", "recovering", "pending", "no_data", "ok"]


@require_safe
def rule_page(request: HttpRequest, model_admin: OwnedAdmin, rule_id: uuid.UUID) -> HttpResponse:
    """Show the rule; 404 where the person may not see it."""
    rule = find_rule(model_admin, request, rule_id)
    shown, counts, now = worst(rule), states_counted(rule), timezone.now()
    reading, other_states = reading_of(rule, now), more_than(len(shown), counts)
    shown += _always_ok(rule, shown, reading)
    context = {
        "title": rule.rule_name,
        "rule": rule,
        "kept_options": shown_options(rule.action_type, rule.action_config),
        "in_words": rule_in_words(rule),
        "reading": reading,
        "health": None if _fires_often(rule, now) else health_of(rule, now),
        "states": shown,
        "states_in_words": states_in_words(counts),
        "other_states": other_states,
        "entries": named_entries(list(rule.entries.all()[:MAX_RULE_ENTRIES])),
        "may_change": model_admin.has_change_permission(request, rule),
        "may_copy": model_admin.has_add_permission(request)
        and AutomationRule.objects.changeable_by(request.user).filter(pk=rule.pk).exists(),
        "may_delete": model_admin.has_delete_permission(request, rule),
        "may_switch": may_switch(request.user, rule),
    } | history_context(request, rule, shown, now)
    return model_admin.show(request, "rules/rule_page.html", context)


@require_safe
def health_box(request: HttpRequest, model_admin: OwnedAdmin, rule_id: uuid.UUID) -> HttpResponse:
    """Show the health of the rule: a fragment for htmx, else a page."""
    rule = find_rule(model_admin, request, rule_id)
    context = {"rule": rule, "health": health_of(rule, timezone.now())}
    if request.headers.get("hx-request"):
        return render(request, "rules/health/box.html", context)
    return model_admin.show(request, "rules/health/box_page.html", context | {"title": f"Health: {rule}"})


@require_POST
def set_status(request: HttpRequest, model_admin: OwnedAdmin, rule_id: uuid.UUID) -> HttpResponse:
    """Pause or activate the rule, and go back to it."""
    rule = find_rule(model_admin, request, rule_id)
    if not may_switch(request.user, rule):
        raise PermissionDenied
    change, done = (activate, "active") if request.POST.get("status") == "active" else (pause, "paused")
    if change(AutomationRule.objects.filter(pk=rule.pk), request.user, timezone.now()):
        messages.success(request, f"Rule {done}.")
    else:
        messages.info(request, f"No change: the rule is {rule.status}.")
    return HttpResponseRedirect(reverse("admin:rules_automationrule_page", args=[rule.pk]))


def find_rule(model_admin: OwnedAdmin, request: HttpRequest, rule_id: uuid.UUID | str) -> AutomationRule:
    """The rule, or 404 where there is none that the person may see."""
    rule: AutomationRule = model_admin.find(request, rule_id, "user")
    return rule


def _fires_often(rule: AutomationRule, now: datetime) -> bool:
    """Whether so much is to be counted that the page does not wait for it."""
    return estimated(rule.entries.filter(created_at__gte=now - HEALTH_SPAN)).rows > MAX_ENTRIES_AT_ONCE


def _always_ok(rule: AutomationRule, shown: list[RuleState], reading: Reading) -> list[RuleState]:
    """Instances of a rule on series that have no stored state."""
    known = {(state.user_id, state.target) for state in shown} | {(rule.user_id, "")}
    others = [each.target for each in reading.instances if (rule.user_id, each.target) not in known]
    if not others:
        return []
    stored = set(rule.states.filter(user=rule.user, target__in=others).values_list("target", flat=True))
    return [RuleState(rule=rule, user=rule.user, target=target) for target in others if target not in stored]


def worst(rule: AutomationRule) -> list[RuleState]:
    """The first of its instances, firing ones first."""
    ranks = [When(Q(condition=condition), then=Value(rank)) for rank, condition in enumerate(WORST_STATE_FIRST)]
    ranked = rule.states.select_related("user").alias(rank=Case(*ranks, output_field=IntegerField()))
    return list(ranked.order_by("rank", "-since", "id")[:MAX_RULE_INSTANCES])
