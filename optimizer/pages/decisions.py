"""Responses on the page of one proposal: a confirmation where something changes, the change, and its message."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from optimizer.execution.dry_run import would_change
from optimizer.execution.responses import RESPONSE_VERBS, SNOOZE_CHOICES, answer, obstacle, success_message
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.pages.links import page_of
from optimizer.pages.optimization import find_event
from optimizer.permissions import may_decide
from optimizer.proposals.decisions import DecisionRefused
from optimizer.text.proposal import title_of
from optimizer.text.steps import shown_steps
from smartagent.shell.confirmation import Confirmation, confirm
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.posted_text import posted_text

MAX_REASON_LENGTH = 2000


@require_http_methods(["GET", "POST"])
def decide_one(request: HttpRequest, model_admin: OwnedAdmin, key: UUID, verb: str) -> HttpResponse:
    """Ask, and on POST do it."""
    event = find_event(model_admin, request, key)
    if verb not in RESPONSE_VERBS:
        raise Http404("Unknown action.")
    if not may_decide(request.user, event):
        raise PermissionDenied
    if request.method == "GET":
        return _ask(request, model_admin, event, verb)
    now, lasts = timezone.now(), request.POST.get("for", "7d")
    try:
        note = _note(request)
        if lasts not in SNOOZE_CHOICES or len(note) > MAX_REASON_LENGTH:
            raise DecisionRefused(f"Choose a duration, and a reason of at most {MAX_REASON_LENGTH:,} characters.")
        event = answer(verb, event, request.user, now, lasts=lasts, note=note)
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        failed = verb == "apply" and event.status == OptimizationEvent.Status.FAILED
        messages.add_message(request, messages.ERROR if failed else messages.SUCCESS, success_message(verb, event))
    return HttpResponseRedirect(page_of(key))


def _note(request: HttpRequest) -> str:
    try:
        return posted_text(request, "note")
    except ValueError as error:
        raise DecisionRefused(str(error)) from error


def _ask(request: HttpRequest, model_admin: OwnedAdmin, event: OptimizationEvent, verb: str) -> HttpResponse:
    """What would happen, and a button that does it."""
    now = timezone.now()
    why_not = obstacle(verb, event, request.user, OptimizerPolicy.current(), now)
    requested = Confirmation(
        title=f"{RESPONSE_VERBS[verb]}: {title_of(event)}",
        verb="" if why_not else RESPONSE_VERBS[verb],
        cancel=page_of(event.pk),
        focus=False,
    )
    context = {
        "opts": model_admin.opts, "verb": verb, "why_not": why_not, "lengths": SNOOZE_CHOICES,
        "dry": would_change(event, now) if verb in ("approve", "apply") else None,
        "undone": _undone(event) if verb == "roll_back" else None,
    }  # fmt: skip
    return confirm(request, requested, "optimizer/confirm_one.html", context)


def _undone(event: OptimizationEvent) -> list[Any]:
    """What would be taken back, the last first."""
    return [shown for shown in reversed(shown_steps(event)) if shown.step.status == "done"]
