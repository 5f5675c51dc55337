"""The page of one activity entry: reading, reason, action, and the entries around it."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from rules.explain.consequence import consequences_of
from rules.explain.decisions import reasons_of
from rules.explain.evidence import Evidence, evidence_for, outcome_links
from rules.explain.replay import condition_in_words
from rules.health.feedback import FEEDBACK_VERBS, feedback_of, judge, may_judge
from rules.instances.timeline import timeline_of
from rules.models import ActivityEntry, DispatchRun, RuleState, Silence
from rules.pages.activity.feedback_buttons import answer, buttons
from rules.text.activity import named_entries
from rules.text.rule import rule_in_words
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import visible_keys
from smartagent.shell.owned_admin import OwnedAdmin

ENTRY_RELATIONS = ("rule__user", "user", "run")
BEFORE, AFTER = timedelta(hours=12), timedelta(hours=6)


def entry_page(request: HttpRequest, model_admin: OwnedAdmin, entry_id: str) -> HttpResponse:
    """Show the entry; 404 where the person may not see it."""
    entry: ActivityEntry = model_admin.find(request, entry_id, *ENTRY_RELATIONS)
    account = evidence_for(entry, ActivityEntry.objects.visible_to(request.user))
    state, feedback = _state(request, entry.state_id), feedback_of(request.user, [entry.pk])
    context = {
        "title": model_admin.describe(entry), "account": account, "state": state,
        "entry": named_entries([entry])[0], "reasons": reasons_of(account),
        "facts": json.dumps(entry.context, indent=2, ensure_ascii=False),
        "conditions": [(condition_in_words(observed), observed.observed_at) for observed in account.observed],
        "rule_then": rule_in_words(account.rule) if account.rule else "",
        "consequences": consequences_of([entry], request.user).get(entry.pk, []),
        "made": _made(request, entry), "seen": visible_keys(request.user, entry.rule),
        "before": named_entries(account.before), "after": named_entries(account.after),
        "sees_run": DispatchRun.objects.visible_to(request.user).filter(pk=entry.run_id).exists(),
        "person": _person(account), "silence": _silence(request, account),
        "judged": _judged(model_admin, entry, feedback[entry.pk]) if feedback and may_judge(request.user) else "",
    } | _drawn(account, state)  # fmt: skip
    return model_admin.show(request, "rules/entry.html", context)


def entry_panel(request: HttpRequest, model_admin: OwnedAdmin, entry_id: UUID) -> HttpResponse:
    """The entry as a part of the list's page; 404 where the person may not see it."""
    entry: ActivityEntry = model_admin.find(request, entry_id, *ENTRY_RELATIONS)
    account = evidence_for(entry, ActivityEntry.objects.visible_to(request.user))
    state, feedback = _state(request, entry.state_id), feedback_of(request.user, [entry.pk])
    context = {
        "account": account, "state": state, "entry": named_entries([entry])[0], "reasons": reasons_of(account),
        "facts": json.dumps(entry.context, indent=2, ensure_ascii=False),
        "seen": visible_keys(request.user, entry.rule),
        "conditions": [(condition_in_words(observed), observed.observed_at) for observed in account.observed],
        "consequences": consequences_of([entry], request.user).get(entry.pk, []),
        "judged": _judged(model_admin, entry, feedback[entry.pk]) if feedback and may_judge(request.user) else "",
    }  # fmt: skip
    return TemplateResponse(request, "rules/activity/panel.html", context)


@require_POST
def judge_entry(request: HttpRequest, model_admin: OwnedAdmin, entry_id: UUID, verb: str) -> HttpResponse:
    """Store or clear the feedback on an entry."""
    entry: ActivityEntry = model_admin.find(request, entry_id, *ENTRY_RELATIONS)
    if verb not in FEEDBACK_VERBS or not feedback_of(request.user, [entry.pk]):
        raise Http404("This entry cannot be rated.")
    if not may_judge(request.user):
        raise PermissionDenied
    judge([entry.pk], request.user, FEEDBACK_VERBS[verb], timezone.now())
    address = reverse("admin:rules_activityentry_change", args=[entry.pk])
    return answer(request, verb, _judged(model_admin, entry, FEEDBACK_VERBS[verb]), address)


def _judged(model_admin: OwnedAdmin, entry: ActivityEntry, useful: bool | None) -> SafeString:
    return buttons("admin:rules_activityentry_feedback", entry.pk, model_admin.describe(entry), useful)


def _made(request: HttpRequest, entry: ActivityEntry) -> list[tuple[str, str]]:
    """What the action created, with URLs, as far as the person may see it: others may have been notified."""
    return [
        (label, reverse(place, args=[key])) for label, place, key in outcome_links(entry)
        if model_of(place).objects.visible_to(request.user).filter(pk=as_uuid(key)).exists()
    ]  # fmt: skip


def model_of(place: str) -> Any:
    """The model of which `admin:app_model_page` is a page."""
    app, model, _ = place.removeprefix("admin:").split("_", 2)
    return apps.get_model(app, model)


def _drawn(account: Evidence, state: RuleState | None) -> dict[str, Any]:
    if state is None or account.rule is None or not account.observed:
        return {}
    at = account.entry.created_at
    line = timeline_of(state, account.rule, at - BEFORE, min(at + AFTER, timezone.now()))
    return {"timeline": line, "chart": line.as_json() | {"mark": int(at.timestamp() * 1000)}, "rule": account.rule}


def _state(request: HttpRequest, key: UUID | None) -> RuleState | None:
    seen = RuleState.objects.visible_to(request.user).select_related("rule")
    return seen.filter(pk=key).first() if key else None


def _silence(request: HttpRequest, account: Evidence) -> Silence | None:
    key = as_uuid(str(account.facts.get("silence") or ""))
    return Silence.objects.visible_to(request.user).filter(pk=key).first() if key else None


def _person(account: Evidence) -> Any:
    key = as_uuid(str(account.facts.get("person") or ""))
    return get_user_model().objects.filter(pk=key).first() if key else None
