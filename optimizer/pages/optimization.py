"""The page of one proposal: why, what it would do or did, who decided, and whether it helped."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from optimizer.execution.dry_run import would_change
from optimizer.execution.responses import RESPONSE_VERBS, SNOOZE_CHOICES, obstacle
from optimizer.measurement.effect_chart import effect_chart
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.permissions import may_decide
from optimizer.text.history import history_of
from optimizer.text.proposal import effect_in_words, stands_in_words, title_of
from optimizer.text.recommendations import recommended
from optimizer.text.step_changes import parameters
from optimizer.text.steps import shown_steps
from rules.models import ActivityEntry, AutomationRule
from smartagent.shell.owned_admin import OwnedAdmin

RELATED = ("user", "rule", "requested_by", "approved_by", "decided_by")
Status = OptimizationEvent.Status
MOVING = (Status.APPROVED, Status.APPLYING)


@require_safe
def optimization_page(request: HttpRequest, model_admin: OwnedAdmin, key: UUID) -> HttpResponse:
    """Show it; 404 where the person may not see it."""
    event, now = find_event(model_admin, request, key), timezone.now()
    context = state_of(event, now) | {
        "title": title_of(event), "way": _way(event, request.user), "numbers": _numbers(event),
        "advice": _advice(event), "effect": effect_in_words(event), "chart": effect_chart(event, now),
        "story": history_of(event, request.user), "lengths": SNOOZE_CHOICES, "dry": _dry(event, now, request),
    } | _answers(request, event, now)  # fmt: skip
    return model_admin.show(request, "optimizer/optimization.html", context)


@require_safe
def live_part(request: HttpRequest, model_admin: OwnedAdmin, key: UUID) -> HttpResponse:
    """The part that changes while it is applied, for htmx; at the end the whole page anew."""
    event = find_event(model_admin, request, key)
    response = render(request, "optimizer/_state.html", state_of(event, timezone.now()))
    if event.status not in MOVING:
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
def dry_run_part(request: HttpRequest, model_admin: OwnedAdmin, key: UUID) -> HttpResponse:
    """What it would change: a part for htmx, else the page with it."""
    if not request.headers.get("hx-request"):
        return optimization_page(request, model_admin, key)
    event, now = find_event(model_admin, request, key), timezone.now()
    return render(request, "optimizer/_dry_run.html", {"dry": would_change(event, now), "event": event})


def find_event(model_admin: OwnedAdmin, request: HttpRequest, key: Any) -> OptimizationEvent:
    """The proposal, or 404 where there is none that the person may see."""
    found: OptimizationEvent = model_admin.find(request, key, *RELATED)
    return found


def state_of(event: OptimizationEvent, now: datetime) -> dict[str, Any]:
    """The status with its operations."""
    scheduled = event.optimization_action == OptimizationEvent.Kind.SCHEDULED
    return {
        "event": event, "stands": stands_in_words(event, now), "steps": shown_steps(event),
        "moving": event.status in MOVING and not (scheduled and event.status == Status.APPROVED),
    }  # fmt: skip


def _dry(event: OptimizationEvent, now: datetime, request: HttpRequest) -> list[dict[str, Any]] | None:
    return would_change(event, now) if request.path.endswith("/dry-run/") else None


def _answers(request: HttpRequest, event: OptimizationEvent, now: datetime) -> dict[str, Any]:
    """What the person can answer, and why not the rest."""
    if not may_decide(request.user, event):
        return {"may": {}, "why_not": ""}
    policy = OptimizerPolicy.current()
    found = {verb: obstacle(verb, event, request.user, policy, now) for verb in RESPONSE_VERBS}
    open_ones = {verb: not why for verb, why in found.items()}
    requested = event.status in (Status.PROPOSED, Status.APPROVED) and bool(event.steps.all())
    why = next((found[verb] for verb in ("approve", "apply") if requested and found[verb].strip(".") != _is(event)), "")
    return {"may": open_ones, "why_not": why}


def _is(event: OptimizationEvent) -> str:
    return f"It is {event.get_status_display().lower()}"


def _way(event: OptimizationEvent, user: Any) -> dict[str, Any]:
    """The rule and the entry that it came of, as far as `user` may see them."""
    rules = AutomationRule.objects.visible_to(user).filter(pk=event.rule_id)
    entries = ActivityEntry.objects.visible_to(user).filter(pk=event.entry_id)
    return {
        "rule": rules.first() if event.rule_id else None,
        "entry": event.entry_id if event.entry_id and entries.exists() else None,
    }  # fmt: skip


def _advice(event: OptimizationEvent) -> list[str]:
    """What only a person can do; of what another program proposed, all of it."""
    own = [str(each) for each in event.advice] if isinstance(event.advice, list) else []
    return own or ([] if event.steps.all() else recommended(event.recommended_actions))


def _numbers(event: OptimizationEvent) -> list[tuple[str, str]]:
    """What was written with it: by ours what broke, by another program whatever it says."""
    facts = [event.before, event.after, event.parameter_delta]
    return [pair for fact in facts if isinstance(fact, dict) for pair in parameters(fact)]
