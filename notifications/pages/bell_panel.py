"""The panel of the bell: the newest notifications of one's own inbox, unread ones first."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from notifications.inbox.alerts import alerts_of
from notifications.inbox.feedback import entry_of
from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet, cut_texts
from rules.instances.quick_actions import changeable, verbs_for
from rules.models import ActivityEntry

MAX_BELL_ENTRIES = 10
MAX_UNREAD = 99
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def asks_for_panel(request: HttpRequest) -> bool:
    """Whether the script of the bell made the request: it needs a fragment, not a page."""
    return "x-panel" in request.headers


def panel(request: HttpRequest, model_admin: Any, result: str = "") -> HttpResponse:
    """Return the contents of the panel; `result` is the message of the last action."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    now = timezone.now()
    inbox = Notification.objects.addressed_to(request.user).select_related("rule").in_inbox(now).for_a_list()
    count = inbox.order_by().unread(now)[: MAX_UNREAD + 1].count()
    shown = _shown(inbox, inbox.unread(now), inbox.returned(now))
    cut_texts(shown)
    seen = _seen(request, shown)
    attach_verbs(shown, request.user)
    for one in shown:
        one.why = entry if (entry := entry_of(one)) in seen else None  # type: ignore[attr-defined]
    context = {
        "shown": shown, "result": result, "unread": f"{MAX_UNREAD}+" if count > MAX_UNREAD else str(count or ""),
        "more": max(count - sum(one.status == "unread" for one in shown), 0), "counted": count <= MAX_UNREAD,
        "may_change": request.user.has_perm("notifications.change_notification"),
    }  # fmt: skip
    response = render(request, "notifications/_panel.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def attach_verbs(notifications: list[Notification], user: Any) -> None:
    """Set `verbs` on each: what `user` may do to its alerts in one step. Three queries."""
    alerts = alerts_of(notifications, user)
    may_change = changeable(user, {state.pk for states in alerts.values() for state in states})
    for one in notifications:
        own = [state for state in alerts.get(one.pk, []) if state.pk in may_change]
        one.verbs = verbs_for(own, user)  # type: ignore[attr-defined]


def _seen(request: HttpRequest, shown: list[Notification]) -> set[UUID]:
    """Return the ids of activity entries of these notifications that the person may see."""
    if not request.user.has_perm("rules.view_activityentry"):
        return set()
    entries = ActivityEntry.objects.visible_to(request.user).filter(pk__in=filter(None, map(entry_of, shown)))
    return set(entries.order_by().values_list("pk", flat=True))


def _shown(
    inbox: NotificationQuerySet, unread: NotificationQuerySet, returned: NotificationQuerySet
) -> list[Notification]:
    """Return the notifications to show: unread ones by time of arrival or end of snooze, then read ones."""
    back = list(returned.order_by("-snoozed_until")[:MAX_BELL_ENTRIES])
    fresh = [*back, *unread.exclude(pk__in=[one.pk for one in back])[:MAX_BELL_ENTRIES]]
    fresh = sorted(fresh, key=_arrived, reverse=True)[:MAX_BELL_ENTRIES]
    return [*fresh, *inbox.filter(status="read")[: MAX_BELL_ENTRIES - len(fresh)]]


def _arrived(notification: Notification) -> datetime:
    times = [at for at in (notification.created_at, notification.snoozed_until) if at]
    return max(times, default=LONG_AGO)  # of the old application there may be some without a time
