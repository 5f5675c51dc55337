"""Responses to many proposals: a list with the effects on each, the action, and its progress."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from optimizer.execution.responses import MAX_ANSWERED_EVENTS, RESPONSE_VERBS, SNOOZE_CHOICES, answer_many, obstacle
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.pages.links import LIST_URL_NAME
from optimizer.text.proposal import title_of
from optimizer.text.recommendations import recommended
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import plural
from smartagent.shell.confirmation import Confirmation, confirm, is_confirmed, selection
from smartagent.shell.owned_admin import OwnedAdmin

MAX_AT_ONCE = 3  # so many are applied at once; what is more is left to the workers
MAX_STEPS_SHOWN = 3  # steps of each
WARNINGS = {
    "approve": "Workers apply approved optimizations within a minute; scheduled ones in the change window.",
    "apply": f"Up to {MAX_AT_ONCE} are applied immediately; more are approved and applied by the "
        "workers within a minute.",
    "dismiss": "Dismissed optimizations are not proposed again during this time.",
    "roll_back": "Changes are reverted. Values modified since are kept and listed.",
}  # fmt: skip
Status = OptimizationEvent.Status


def ask_and_do(verb: str, model_admin: OwnedAdmin, request: HttpRequest, chosen: Any) -> HttpResponse | None:
    """Show what would happen; where it comes back with yes, do it and say so."""
    rows = chosen.changeable_by(request.user).select_related("user", "rule").prefetch_related("steps")
    events = list(rows.order_by("created_at", "pk")[: MAX_ANSWERED_EVENTS + 1])
    if len(events) > MAX_ANSWERED_EVENTS:
        messages.error(
            request, f"More than {MAX_ANSWERED_EVENTS} optimizations are selected. Use filters, or select one page."
        )
        return None
    if not is_confirmed(request):
        return _ask(verb, model_admin, request, events)
    return _do(verb, request, events)


@require_safe
def progress_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """How far those are that were chosen; the part that changes for htmx."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    keys = [key for text in request.GET.getlist("id")[:MAX_ANSWERED_EVENTS] if (key := as_uuid(text))]
    rows = OptimizationEvent.objects.visible_to(request.user).filter(pk__in=keys)
    events = list(rows.select_related("user").prefetch_related("steps").order_by("created_at", "pk"))
    moving = [event for event in events if event.status in (Status.APPROVED, Status.APPLYING)]
    waits = [event for event in moving if event.status == Status.APPROVED and event.optimization_action == "scheduled"]
    context = {
        "title": "Progress", "rows": [_progress(event) for event in events], "total": len(events),
        "over": len(events) - len(moving), "moving": len(moving) > len(waits), "here": request.get_full_path(),
    }  # fmt: skip
    if request.headers.get("hx-request"):
        return render(request, "optimizer/_progress.html", context)
    return model_admin.show(request, "optimizer/progress.html", context)


def _progress(event: OptimizationEvent) -> dict[str, Any]:
    steps = list(event.steps.all())
    done = sum(step.status in ("done", "undone") for step in steps)
    return {"event": event, "title": title_of(event), "done": done, "of": len(steps)}


def _ask(verb: str, model_admin: OwnedAdmin, request: HttpRequest, events: list[OptimizationEvent]) -> HttpResponse:
    now, policy = timezone.now(), OptimizerPolicy.current()
    rows = [
        {
            "event": event, "title": title_of(event), "why_not": obstacle(verb, event, request.user, policy, now),
            "steps": (steps := recommended(event.recommended_actions))[:MAX_STEPS_SHOWN],
            "others": max(len(steps) - MAX_STEPS_SHOWN, 0),
        }
        for event in events
    ]  # fmt: skip
    able = sum(not row["why_not"] for row in rows)
    requested = Confirmation(
        title=f"{RESPONSE_VERBS[verb]} {able} {plural(able, 'optimization')}?",
        verb=f"{RESPONSE_VERBS[verb]} {able}" if able else "",
        warning=WARNINGS[verb], cancel=request.get_full_path(), focus=False,
        hidden=selection(request, "apply_now" if verb == "apply" else verb),
    )  # fmt: skip
    context = {
        "opts": model_admin.opts,
        "verb": verb,
        "verb_label": RESPONSE_VERBS[verb],
        "rows": rows,
        "lengths": SNOOZE_CHOICES,
    }
    return confirm(request, requested, "optimizer/confirm_many.html", context)


def _do(verb: str, request: HttpRequest, events: list[OptimizationEvent]) -> HttpResponse | None:
    """Each by itself: what is refused does not keep the others from being done."""
    left = verb == "apply" and len(events) > MAX_AT_ONCE
    done, refused = answer_many("approve" if left else verb, events, request.user, **_note_and_snooze(request))
    if verb == "apply":  # what was approved already is on its way, too
        done += [event for event, _ in refused if event.status == Status.APPROVED]
        refused = [pair for pair in refused if pair[0].status != Status.APPROVED]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        messages.warning(request, f"Not done: {title_of(refused[0][0])}: {refused[0][1]}{more}")
    if done and verb in ("approve", "apply"):
        query = urlencode([("id", str(event.pk)) for event in done])
        return HttpResponseRedirect(f"{reverse(f'{LIST_URL_NAME}_progress')}?{query}")
    if done:
        words = {"dismiss": "Dismissed", "roll_back": "Rolled back"}[verb]
        messages.success(request, f"{words} {len(done)} {plural(len(done), 'optimization')}.")
    return None


def _note_and_snooze(request: HttpRequest) -> dict[str, str]:
    lasts, note = request.POST.get("for", "7d"), request.POST.get("note", "").replace("\x00", "").strip()[:2000]
    return {"lasts": lasts if lasts in SNOOZE_CHOICES else "7d", "note": note}
