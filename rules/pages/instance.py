"""The page of one instance: where it stands and why, what people do about it, its timeline and its story."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules import handling
from rules.filters import as_uuid
from rules.models import RuleState
from rules.pages.addresses import page_of_instance
from rules.pages.events import named_entries
from rules.pages.until import until_said
from rules.querysets import StateQuerySet
from rules.sentences import rule_in_words
from rules.timeline import timeline_of
from smartagent.models import User
from smartagent.owned_admin import OwnedAdmin
from smartagent.scope import has_everyone

DAYS = (1, 7, 30)
ENTRIES = 100
NAMED = 200  # people who can be asked to look after it
COMMENT = 2000


@require_safe
def instance_page(request: HttpRequest, model_admin: OwnedAdmin, state_id: UUID) -> HttpResponse:
    """Show the instance; 404 where the person may not see it."""
    state, now = find_state(model_admin, request, state_id), timezone.now()
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, DAYS) else DAYS[0]
    story = list(state_entries(state)[: ENTRIES + 1])
    line = timeline_of(state, state.rule, now - timedelta(days=days), now)
    context = {
        "title": f"{state.rule} · {state.user}", "state": state, "rule": state.rule,
        "in_words": rule_in_words(state.rule), "stands": stands_in_words(state, now), "days": days, "all_days": DAYS,
        "timeline": line, "chart": line.as_json(), "more": len(story) > ENTRIES,
        "entries": named_entries(story[:ENTRIES]), "may_change": may_handle(request, state),
        "fires": state.condition in ("firing", "recovering") or state.fired_at is not None,
        "by_hand": state.condition == "ok" and state.reason == handling.BY_HAND, "people": _people(request, state),
    }  # fmt: skip
    return model_admin.show(request, "rules/instance.html", context)


@require_POST
def handle_instance(request: HttpRequest, model_admin: OwnedAdmin, state_id: UUID) -> HttpResponse:
    """Do one thing to the instance, say so, and go back to it."""
    state = find_state(model_admin, request, state_id)
    if not may_handle(request, state):
        raise PermissionDenied
    try:
        said = _do(request, state)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said) if said else messages.warning(
            request, "Nothing was changed: it does not fire any more, or this has been done already."
        )
    return HttpResponseRedirect(page_of_instance(state.pk))


def find_state(model_admin: OwnedAdmin, request: HttpRequest, state_id: UUID) -> RuleState:
    """The instance, or 404 where there is none that the person may see."""
    state: RuleState = model_admin.find(request, state_id, "rule__user", "user", "handled_by", "assignee", "silence")
    return state


def may_handle(request: HttpRequest, state: RuleState) -> bool:
    """Whether the person may do something about it."""
    if not request.user.has_perm("rules.change_rulestate"):
        return False
    return RuleState.objects.changeable_by(request.user).filter(pk=state.pk).exists()


def state_entries(state: RuleState) -> Any:
    """Everything that was written about the instance, newest first."""
    return state.rule.entries.filter(state=state.pk).order_by("-created_at", "-id")


def stands_in_words(state: RuleState, now: datetime) -> list[str]:
    """Where the instance stands and why, a sentence each."""
    said = []
    if state.reason:
        said.append(f"Reason: {state.reason}.")
    if state.critical:
        said.append("It has passed the critical threshold.")
    if state.flapping:
        said.append("It changes all the time, so it is held open until it has calmed down.")
    if state.handling != RuleState.Handling.OPEN:
        until = f" until {timezone.localtime(state.handled_until):%Y-%m-%d %H:%M}" if state.handled_until else ""
        said.append(f"{state.get_handling_display()} by {state.handled_by or 'somebody'}{until}; it does not repeat.")
    if state.silence:
        said.append(f"Silenced by “{state.silence}”; what still fires at its end is told at once.")
    if state.assignee:
        said.append(f"{state.assignee} looks after it.")
    if state.failures:
        again = f", and is tried again at {timezone.localtime(state.retry_at):%H:%M}" if state.retry_at else ""
        said.append(f"Its action has failed {state.failures} times in a row{again}.")
    return said


def _do(request: HttpRequest, state: RuleState) -> str:
    """Do what was asked for and return what to say; nothing where nothing was changed."""
    me: User = request.user  # type: ignore[assignment]
    now, comment = timezone.now(), request.POST.get("comment", "").strip()
    some: StateQuerySet = RuleState.objects.filter(pk=state.pk)
    if len(comment) > COMMENT:
        raise ValueError(f"A comment has at most {COMMENT:,} characters; this one has {len(comment):,}.")
    verb = request.POST.get("verb", "")
    if verb == "acknowledge":
        return "It is acknowledged." if handling.acknowledge(some, me, now, _until(request, me, now), comment) else ""
    if verb == "snooze":
        return "It is snoozed." if handling.snooze(some, me, now, _until(request, me, now), comment) else ""
    if verb == "comment":
        if not comment:
            raise ValueError("Write a comment first.")
        return "The comment is written." if handling.comment_on(some, me, now, comment) else ""
    if verb == "assign":
        person = _assignee(request, state)
        return "It is in good hands." if handling.assign(some, me, now, person, comment) else ""
    if verb == "resolve":
        told = "It is resolved. Where the reading is still broken, it fires again at the next check."
        return told if handling.resolve(some, me, now, comment) else ""
    if verb == "reopen":
        return "It is open again." if handling.reopen(some, me, now, comment) else ""
    raise ValueError("Choose one of: acknowledge, snooze, comment, assign, resolve, reopen.")


def _until(request: HttpRequest, me: User, now: datetime) -> datetime:
    return until_said(request.POST, now, ZoneInfo(me.time_zone or "UTC"))


def _assignee(request: HttpRequest, state: RuleState) -> User | None:
    if not request.POST.get("person"):
        return None
    key = as_uuid(request.POST["person"])
    person = next((each for each in _people(request, state) if each.pk == key), None)
    if person is None:
        raise ValueError("Choose one of the people in the list.")
    return person


def _people(request: HttpRequest, state: RuleState) -> list[User]:
    """Who can be asked to look after it: who may see its rule, as far as the one who asks may see people."""
    me: User = request.user  # type: ignore[assignment]
    if not has_everyone(me, "view"):
        return [me]
    known = User.objects.filter(is_active=True).order_by("full_name", "email").prefetch_related("groups")[:NAMED]
    return [person for person in known if handling.may_look_after(person, state)]
