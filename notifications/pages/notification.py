"""The page of a notification: its text, its reason, and its deliveries."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from notifications.inbox.alerts import alerts_of
from notifications.inbox.feedback import attach_feedback, entry_of
from notifications.inbox.status_changes import buttons, is_snoozed
from notifications.inbox.trace import stands_in_inbox, where_it_went
from notifications.models import Notification
from notifications.pages.bell_panel import attach_verbs
from rules.health.feedback import may_judge
from rules.models import ActivityEntry, AutomationRule
from rules.text.entry import number
from smartagent.kernel.scope import has_everyone

MAX_ALERTS_SHOWN = 20
FACT_NAMES = ("metric", "value", "operator", "threshold", "critical", "target")


def notification_page(request: HttpRequest, model_admin: Any, notification_id: str) -> HttpResponse:
    """Show a notification. Opening one's own marks it as read; a snoozed one still comes back."""
    now = timezone.now()
    notification: Notification = model_admin.find(request, notification_id, "user", "rule")
    _read(request, notification, now)
    attach_feedback([notification], request.user)
    attach_verbs([notification], request.user)
    alerts = alerts_of([notification], request.user).get(notification.pk, [])
    reached = where_it_went(notification, request.user, now)
    context = {
        "title": notification.title, "notification": notification, "facts": facts_of(notification),
        "rule": _rule(request, notification), "mine": notification.user_id == request.user.pk,
        "why": _why(request, notification), "snoozed": is_snoozed(notification, now),
        "judged": model_admin.judged(notification) if may_judge(request.user) else "",
        "stands": stands_in_inbox(notification, now), "others": len(reached) - 1, "reached": reached,
        "alerts": alerts[:MAX_ALERTS_SHOWN], "more_alerts": _count(notification) - len(alerts[:MAX_ALERTS_SHOWN]),
        "verbs": notification.verbs,  # type: ignore[attr-defined]
        "buttons": buttons(notification, now) if _may_mark(request, notification) else [],
    }  # fmt: skip
    return model_admin.show(request, "notifications/notification.html", context)  # type: ignore[no-any-return]


def facts_of(notification: Notification) -> list[tuple[str, str]]:
    """Return its figures as (label, value)."""
    facts = notification.metadata or {}
    return [(name, _fact(facts[name])) for name in FACT_NAMES if facts.get(name) not in (None, "")]


def _may_mark(request: HttpRequest, notification: Notification) -> bool:
    return notification.user_id == request.user.pk or has_everyone(request.user, "change")


def _read(request: HttpRequest, notification: Notification, now: datetime) -> None:
    if notification.user_id == request.user.pk and not is_snoozed(notification, now):
        Notification.objects.filter(pk=notification.pk).mark_read(now)
        notification.refresh_from_db(fields=["status", "read_at", "snoozed_until"])


def _why(request: HttpRequest, notification: Notification) -> ActivityEntry | None:
    """Return the activity entry of the notification, None if the person may not see it."""
    entry = entry_of(notification)
    if entry is None or not request.user.has_perm("rules.view_activityentry"):
        return None
    return ActivityEntry.objects.visible_to(request.user).filter(pk=entry).first()


def _rule(request: HttpRequest, notification: Notification) -> AutomationRule | None:
    """Return its rule, None if the person may not see it, as recipients of somebody else's rule."""
    return AutomationRule.objects.visible_to(request.user).filter(pk=notification.rule_id).first()


def _count(notification: Notification) -> int:
    """Of how many instances it is, named or not."""
    count = (notification.metadata or {}).get("count")
    return count if isinstance(count, int) else 0


def _fact(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)
