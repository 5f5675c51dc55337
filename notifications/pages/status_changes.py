"""Pages that change the status of notifications (read, archived, snoozed): of one, or of the whole inbox."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from notifications.inbox.alerts import alerts_of
from notifications.inbox.snooze import snoozes
from notifications.inbox.status_changes import MARKED_MESSAGES, mark, snooze
from notifications.links.actions import instances_for
from notifications.links.signing import is_group
from notifications.models import Notification
from notifications.pages.bell_panel import asks_for_panel, panel
from rules.instances.handling import until_of
from rules.instances.quick_actions import QUICK_VERBS, changeable, done
from rules.models import RuleState
from rules.pages.alerts.until import chosen_until
from smartagent.shell.return_address import return_address

INBOX = "admin:notifications_notification_changelist"


@require_POST
def read_all(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Mark all notifications in one's own inbox as read; snoozed ones still come back."""
    if not request.user.has_perm("notifications.change_notification"):
        raise PermissionDenied
    now = timezone.now()
    return _done(request, model_admin, mark(Notification.objects.addressed_to(request.user).unread(now), "read", now))


@require_POST
def mark_one(request: HttpRequest, model_admin: Any, pk: UUID, verb: str) -> HttpResponse:
    """Apply `verb` to one notification."""
    if verb not in MARKED_MESSAGES:
        raise Http404("Unknown action.")
    return _done(request, model_admin, mark(model_admin.changeable(request, pk), verb, timezone.now()))


@require_POST
def handle_alerts(request: HttpRequest, model_admin: Any, pk: UUID, verb: str) -> HttpResponse:
    """Do `verb` to the alerts that one notification is about; 403 where the person may not handle any of them."""
    if verb not in QUICK_VERBS:
        raise Http404("Unknown action.")
    notification: Notification = model_admin.find(request, str(pk))
    found = changeable(request.user, _keys_of_alerts(notification, request.user))
    if not found:
        raise PermissionDenied
    _, words = done(verb, RuleState.objects.filter(pk__in=found), request.user)
    return _done(request, model_admin, words)


def _keys_of_alerts(notification: Notification, viewer: Any) -> set[UUID]:
    """The instances that it names, and of a group also those beyond the first ones that are named."""
    named = {state.pk for state in alerts_of([notification], viewer).get(notification.pk, [])}
    if not is_group(notification.metadata or {}):
        return named
    return named | set(instances_for(notification).order_by().values_list("pk", flat=True))


@require_http_methods(["GET", "POST"])
def snooze_one(request: HttpRequest, model_admin: Any, pk: UUID) -> HttpResponse:
    """Ask until when to snooze one notification; on POST snooze it."""
    chosen, now, zone = model_admin.changeable(request, pk), timezone.now(), zone_of(request)
    problem = ""
    if request.method == "POST":
        try:
            messages.success(request, snooze(chosen, chosen_until(request.POST, now, zone), now, zone))
            return HttpResponseRedirect(previous_page(request))
        except ValueError as error:
            problem = str(error)
    notification: Notification = chosen.get()
    context = {
        "title": f"Snooze: {notification.title}", "notification": notification, "problem": problem,
        "snoozes": snoozes(now, zone), "zone": str(zone), "back": previous_page(request),
    }  # fmt: skip
    return model_admin.show(request, "notifications/snooze.html", context)  # type: ignore[no-any-return]


def snooze_many(request: HttpRequest, chosen: Any, length: str, now: datetime) -> str:
    """Snooze the selected notifications; return the result in words."""
    zone = zone_of(request)
    return snooze(chosen, until_of(length, now, zone), now, zone)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the time zone of the person."""
    me: Any = request.user
    return ZoneInfo(me.time_zone or "UTC")


def previous_page(request: HttpRequest) -> str:
    """Return the page of this site that the request names or came from, else the inbox."""
    return return_address(request, reverse(INBOX))


def _done(request: HttpRequest, model_admin: Any, result: str) -> HttpResponse:
    """Return the updated panel if the panel made the request; else redirect back with the result as a message."""
    if asks_for_panel(request):
        return panel(request, model_admin, result)
    messages.success(request, result)
    return HttpResponseRedirect(previous_page(request))
