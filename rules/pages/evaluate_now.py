"""The button “Evaluate now”: the same evaluation as the scheduled one, with its results in numbers."""

import uuid
from typing import Any

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from rules.evaluation.dispatcher import dispatch
from rules.evaluation.readings import cause_of
from rules.models import AutomationRule, DispatchRun
from rules.permissions import may_evaluate
from smartagent.kernel.formats import counted
from smartagent.kernel.scope import has_everyone
from smartagent.shell.return_address import return_address

log = structlog.get_logger(__name__)


@require_POST
def dispatch_now(request: HttpRequest) -> HttpResponse:
    """Evaluate every rule that the person may change, or the given one, and go back."""
    user: Any = request.user
    if not may_evaluate(user):
        raise PermissionDenied
    rule = _rule(request)
    owner = None if has_everyone(user, "change") else user.pk
    try:
        run = dispatch(timezone.now(), "page", requested_by=user.pk, owner=owner, rule=rule.pk if rule else None)
    except Exception as error:
        log.exception("evaluation failed", requested_by=str(user.pk))
        cause = cause_of(error).rstrip(".")
        messages.error(request, f"The evaluation failed: {cause}. See the list of runs for the error.")
    else:
        messages.add_message(request, *success_message(run, rule))
    return HttpResponseRedirect(return_address(request))


def success_message(run: DispatchRun, rule: AutomationRule | None) -> tuple[int, str]:
    """The message about a run: its level and a sentence."""
    if run.outcome == DispatchRun.Outcome.OVERLAPPED:
        return messages.WARNING, "Another evaluation is running. Try again in a moment."
    if rule is not None and rule.status != AutomationRule.Status.ACTIVE:
        return messages.WARNING, f"The rule is {rule.status}, so it was not evaluated. Activate it first."
    level = messages.WARNING if run.failed or run.errors else messages.SUCCESS
    rules = counted(run.rules_evaluated, "rule")
    more = "".join(
        [
            f", {run.no_data:,} with no data" if run.no_data else "",
            f", {run.errors:,} with errors" if run.errors else "",
        ]
    )
    return (
        level,
        f"Evaluated {rules}: {run.triggered:,} fired, {run.succeeded:,} acted, {run.failed:,} failed{more}.",
    )


def _rule(request: HttpRequest) -> AutomationRule | None:
    named = request.POST.get("rule", "")
    if not named:
        return None
    try:
        found: AutomationRule = AutomationRule.objects.changeable_by(request.user).get(pk=uuid.UUID(named))
    except (ValueError, AutomationRule.DoesNotExist):
        raise Http404("Rule not found.") from None
    return found
