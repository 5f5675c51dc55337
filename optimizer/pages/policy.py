"""The page of the policy: the switch that stops everything, the guard-rails, and what each strategy is trusted with."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.models import ActionLog, OptimizerPolicy
from optimizer.pages.forms.policy import AutomationPolicyForm, window_in_words
from optimizer.policy.change_window import is_open
from optimizer.policy.changes import change, switch
from optimizer.policy.trust_report import by_hand_only, standings

VIEW, CHANGE = "optimizer.view_optimizerpolicy", "optimizer.change_optimizerpolicy"
MAX_CHANGES_LISTED = 10
POLICY_URL_NAME = "admin:optimizer_policy"


@require_http_methods(["GET", "POST"])
def policy_page(request: HttpRequest) -> HttpResponse:
    """Show it, to whoever may see it; on POST change it."""
    if not request.user.has_perm(CHANGE if request.method == "POST" else VIEW):
        raise PermissionDenied
    policy, now = OptimizerPolicy.current(), timezone.now()
    form = AutomationPolicyForm(request.POST or None, policy=policy)
    if request.method == "POST" and form.is_valid():
        changes = change(form.values, request.user, now)
        messages.success(request, "Automation policy updated." if changes else "No changes.")
        return HttpResponseRedirect(reverse(POLICY_URL_NAME))
    window = window_in_words(policy.window, policy.window_zone)
    context: dict[str, Any] = site.each_context(request) | {
        "title": "Automation policy", "policy": policy, "form": form, "may_change": request.user.has_perm(CHANGE),
        "standings": standings(policy), "by_hand_only": by_hand_only(), "window": window,
        "is_open": is_open(policy.window, policy.window_zone, now), "stopped_by": _stopped_by(policy),
        "last": _last(), "complains": request.method == "POST",
    }  # fmt: skip
    return render(request, "optimizer/policy.html", context)


@require_POST
def stop_everything(request: HttpRequest) -> HttpResponse:
    """Stop the optimizer: nothing is approved, applied or begun again."""
    return _switch(request, stopped=True, result="The optimizer is stopped. No optimizations are approved or applied.")


@require_POST
def let_go_on(request: HttpRequest) -> HttpResponse:
    """Resume the optimizer."""
    return _switch(request, stopped=False, result="The optimizer was resumed.")


def _switch(request: HttpRequest, *, stopped: bool, result: str) -> HttpResponse:
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if switch(stopped, request.user, timezone.now()):
        messages.success(request, result)
    else:
        messages.info(request, "No change.")
    return HttpResponseRedirect(reverse(POLICY_URL_NAME))


def _stopped_by(policy: OptimizerPolicy) -> ActionLog | None:
    """Who has stopped it, and when; None where it is not."""
    if not policy.stopped:
        return None
    return ActionLog.objects.filter(event=None, action_type="policy_stop").select_related("user").first()


def _last() -> list[dict[str, Any]]:
    """The changes of the policy, the newest first."""
    words = {
        "policy_stop": "stopped the optimizer",
        "policy_release": "resumed the optimizer",
        "policy_change": "changed",
    }
    rows = ActionLog.objects.filter(event=None, action_type__in=words).select_related("user")[:MAX_CHANGES_LISTED]
    return [
        {"at": row.created_at, "by": row.user, "what": words[row.action_type],
         "changes": row.action_details.get("changes", "") if isinstance(row.action_details, dict) else ""}
        for row in rows
    ]  # fmt: skip
