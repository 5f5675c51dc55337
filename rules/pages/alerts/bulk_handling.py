"""Bulk handling of alerts: with a comment, until a time, or with an assignee."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rules.instances.handling import seen_by
from rules.models.querysets import StateQuerySet
from rules.pages.alerts.handling import asked_for, colleagues
from smartagent.kernel.formats import counted
from smartagent.shell.owned_admin import OwnedAdmin

MAX_ALERTS_NAMED = 10
BULK_DONE_LABELS = {
    "acknowledge": "Acknowledged", "snooze": "Snoozed", "comment": "Commented on", "assign": "Assigned",
    "resolve": "Resolved", "reopen": "Reopened",
}  # fmt: skip


def handle_together(model_admin: OwnedAdmin, request: HttpRequest, states: StateQuerySet) -> HttpResponse | None:
    """Show the form for `states`; when it is submitted, handle them and show a message."""
    states, people, now = states.changeable_by(request.user), colleagues(request.user), timezone.now()
    if "verb" not in request.POST:
        return _page(model_admin, request, states, people)
    try:
        requested = asked_for(request, people, now)
    except ValueError as error:
        return _page(model_admin, request, states, people, str(error))
    some = seen_by(requested.person, states) if requested.person else states
    say_done(request, BULK_DONE_LABELS[requested.verb], requested.do(some, request.user, now), states)
    return None


def say_done(request: HttpRequest, done: str, count: int, states: Any) -> None:
    """Show how many of `states` were changed, and why the others were not."""
    left = "" if count == states.count() else " The others were skipped: already done, or not possible."
    level = messages.SUCCESS if count else messages.WARNING
    messages.add_message(request, level, f"{done}: {counted(count, 'instance')}.{left}")


def _page(
    model_admin: OwnedAdmin, request: HttpRequest, states: StateQuerySet, people: list[Any], problem: str = ""
) -> HttpResponse:
    count = states.order_by().count()
    context = {
        "title": f"Bulk actions: {counted(count, 'instance')}", "problem": problem, "people": people,
        "states": list(states.select_related("rule", "user").order_by("rule__rule_name", "id")[:MAX_ALERTS_NAMED]),
        "others": max(count - MAX_ALERTS_NAMED, 0), "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"), "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "bulk_action": "handle_together",
    }  # fmt: skip
    return model_admin.show(request, "rules/handle_together.html", context)
