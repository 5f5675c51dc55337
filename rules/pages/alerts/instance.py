"""The page of one instance: state and reason, handling, timeline, entries."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules.engine.open_alerts import is_open
from rules.instances import handling
from rules.instances.timeline import timeline_of
from rules.metrics.integration_health import IntegrationHealth
from rules.models import Integration, RuleState
from rules.pages.alerts.facts import head_of, moved, notified, thresholds
from rules.pages.alerts.handling import asked_for, colleagues
from rules.pages.links import page_of_instance
from rules.pages.periods import HISTORY_DAYS, chosen_days
from rules.text.activity import named_entries
from rules.text.alert import crossed
from rules.text.rule import rule_in_words
from smartagent.kernel.formats import clock
from smartagent.models import User
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.return_address import return_address

MAX_INSTANCE_ENTRIES = 100
ALERT_UNCHANGED = "Nothing changed: the alert no longer fires, or this was already done."
HANDLED_MESSAGES = {
    "acknowledge": "Acknowledged.", "snooze": "Snoozed.", "comment": "Comment added.",
    "assign": "Assignee changed.", "reopen": "Reopened.",
    "resolve": "Resolved. If the condition is still met, the alert fires again at the next evaluation.",
}  # fmt: skip


@require_safe
def instance_page(request: HttpRequest, model_admin: OwnedAdmin, state_id: UUID) -> HttpResponse:
    """Show the instance; 404 where the person may not see it."""
    state, now = find_state(model_admin, request, state_id), timezone.now()
    days = chosen_days(request)
    entries = list(state_entries(state)[: MAX_INSTANCE_ENTRIES + 1])
    line = timeline_of(state, state.rule, now - timedelta(days=days), now)
    may_change, then = may_handle(request, state), thresholds(state, days, now)
    context = {
        "title": f"{state.rule} · {state.user}", "state": state, "rule": state.rule,
        "in_words": rule_in_words(state.rule), "stands": stands_in_words(state, now),
        "days": days, "all_days": HISTORY_DAYS,
        "timeline": line, "chart": line.as_json() | then["steps"],
        "rule_changes": then["changes"], "more": len(entries) > MAX_INSTANCE_ENTRIES,
        "entries": named_entries(entries[:MAX_INSTANCE_ENTRIES]), "may_change": may_change,
        "notified": notified(state, entries, request.user),
        "moved": moved(state, request.user, now),
        "acted": state.last_notified_at or last_acted(state),
        "fires": is_open(state.condition, state.fired_at),
        "integration": _integration(request, state),
        "by_hand": state.condition == "ok" and state.reason == handling.BY_HAND, "people": _people(request, state),
    } | head_of(state, request.user, now, may_change=may_change)  # fmt: skip
    return model_admin.show(request, "rules/instance.html", context)


@require_POST
def handle_instance(request: HttpRequest, model_admin: OwnedAdmin, state_id: UUID) -> HttpResponse:
    """Handle the instance, show a message, and go back to it."""
    state = find_state(model_admin, request, state_id)
    if not may_handle(request, state):
        raise PermissionDenied
    now, some = timezone.now(), RuleState.objects.filter(pk=state.pk)
    try:
        requested = asked_for(request, _people(request, state), now)
        done = requested.do(some, request.user, now)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, HANDLED_MESSAGES[requested.verb]) if done else messages.warning(
            request, ALERT_UNCHANGED
        )
    return HttpResponseRedirect(return_address(request, page_of_instance(state.pk)))


def find_state(model_admin: OwnedAdmin, request: HttpRequest, state_id: UUID) -> RuleState:
    """The instance, or 404 where there is none that the person may see."""
    state: RuleState = model_admin.find(request, state_id, "rule__user", "user", "handled_by", "assignee", "silence")
    return state


def may_handle(request: HttpRequest, state: RuleState) -> bool:
    """Whether the person may handle it."""
    if not request.user.has_perm("rules.change_rulestate"):
        return False
    return RuleState.objects.changeable_by(request.user).filter(pk=state.pk).exists()


def state_entries(state: RuleState) -> Any:
    """All entries of the instance, newest first."""
    return state.rule.entries.filter(state=state.pk).order_by("-created_at", "-id")


def last_acted(state: RuleState) -> datetime | None:
    """When its action last succeeded, including past episodes."""
    acted = state_entries(state).filter(status="success").exclude(action_taken="none").exclude(action_taken=None)
    found: datetime | None = acted.values_list("executed_at", flat=True).first()
    return found


def stands_in_words(state: RuleState, now: datetime) -> list[str]:
    """The state of the instance and its reason, one sentence each."""
    sentences = []
    if state.reason:
        sentences.append(f"Reason: {state.reason}.")
    if state.critical:
        sentences.append(f"Past the critical threshold: {crossed(state)}.")
    if state.flapping:
        sentences.append("Flapping: kept open until readings are stable.")
    if state.handling != RuleState.Handling.OPEN:
        until = f" until {clock(state.handled_until)}" if state.handled_until else ""
        sentences.append(
            f"{state.get_handling_display()} by {state.handled_by or 'somebody'}{until}; repeats are paused."
        )
    if state.silence:
        sentences.append(f"Silenced by “{state.silence}”; if the alert still fires afterwards, you are notified.")
    if state.assignee:
        sentences.append(f"Assigned to {state.assignee}.")
    if state.failures:
        again = f"; next attempt at {timezone.localtime(state.retry_at):%H:%M}" if state.retry_at else ""
        sentences.append(f"The action failed {state.failures} times in a row{again}.")
    return sentences


def _integration(request: HttpRequest, state: RuleState) -> Integration | None:
    """The integration that it is about, where there is one that the person may see; where the rule watches the lowest
    health of all, the one with an error."""
    if not request.user.has_perm("rules.view_integration"):
        return None
    of_person = Integration.objects.visible_to(request.user).filter(user=state.user_id)
    if state.target:
        return of_person.filter(integration_type=state.target).first()
    if state.rule.metric_type != IntegrationHealth.kind:
        return None
    return of_person.filter(status=Integration.Status.ERROR).order_by("-updated_at", "id").first()


def _people(request: HttpRequest, state: RuleState) -> list[User]:
    """The possible assignees: those who may see its rule, as far as the viewer may see people."""
    return [person for person in colleagues(request.user) if handling.may_look_after(person, state)]
