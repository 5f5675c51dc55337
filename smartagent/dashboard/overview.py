"""The overview: firing alerts, their results, and the last evaluation, of all that the person may see."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from rules.models.querysets import ActivityQuerySet, StateQuerySet
from rules.permissions import may_evaluate
from smartagent.dashboard.firing import firing_rules
from smartagent.dashboard.latest_activity import latest_activity
from smartagent.dashboard.triggered_per_hour import per_hour
from smartagent.demo import progress
from smartagent.kernel.schema_drift_log import if_there
from smartagent.kernel.scope import OwnedQuerySet
from smartagent.shell.cards import Card

MAX_COUNTED = 10_000
ENTRIES_SHOWN = 10


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to `context` what the page shows; called by Unfold for the index of the site."""
    now, user = timezone.now(), request.user
    context |= {
        "title": "Overview",
        "tick": _known_run(now),
        "demo_is_created": progress.percent() is not None,
        "may_evaluate": may_evaluate(user),
        "has_rules": if_there(AutomationRule.objects.visible_to(user).exists) is not False,
        "base_address": request.build_absolute_uri("/")[:-1],
    }
    return context | _contents(request, now) if context["has_rules"] else context


def _contents(request: HttpRequest, now: datetime) -> dict[str, Any]:
    entries = ActivityEntry.objects.visible_to(request.user)
    states = RuleState.objects.firing().visible_to(request.user)
    return {
        "cards": _cards(request.user, entries, states, now),
        # What the database lacks something for is None: the page says so in its place.
        "hours": if_there(partial(per_hour, entries, now)),
        "firing": if_there(partial(firing_rules, states, request.user)),
        "latest": if_there(partial(latest_activity, entries, ENTRIES_SHOWN)),
    }


def _cards(user: Any, entries: ActivityQuerySet, states: StateQuerySet, now: datetime) -> list[Card]:
    rules = AutomationRule.objects.visible_to(user).active()
    unread = Notification.objects.addressed_to(user).unread(now)
    proposed = OptimizationEvent.objects.proposed().visible_to(user)
    day = entries.last_day(now)
    return [
        _card("Firing now", states, "rules_rulestate", alarm=True),
        _card(
            "Failed in 24 h",
            day.failed(),
            "rules_activityentry",
            "?status=failed&origin=smart_agent&within=24h",
            alarm=True,
        ),
        _card("Unread notifications", unread, "notifications_notification", "?status=unread"),
        _card("Triggered in 24 h", day.triggered(), "rules_activityentry", "?event=triggered&within=24h"),
        _card("Proposed optimizations", proposed, "optimizer_optimizationevent", "?status=proposed"),
        _card("Active rules", rules, "rules_automationrule", "?status=active"),
    ]


def _card(label: str, rows: OwnedQuerySet, place: str, query: str = "", *, alarm: bool = False) -> Card:
    """Counted up to a cap, so that millions cost no more than thousands."""
    count = if_there(rows.order_by()[: MAX_COUNTED + 1].count)
    if count is None:
        return Card(label, "?", reverse(f"admin:{place}_changelist") + query)
    text = f"{MAX_COUNTED:,}+" if count > MAX_COUNTED else f"{count:,}"
    return Card(label, text, reverse(f"admin:{place}_changelist") + query, alarm and count > 0)


def _known_run(now: datetime) -> dict[str, Any] | None:
    asked = if_there(lambda: (_last_run(now),))
    return asked[0] if asked else {"unknown": True}


def _last_run(now: datetime) -> dict[str, Any] | None:
    """The last evaluation of the clock, how long ago, and whether one is missing."""
    run = DispatchRun.objects.by_clock().first()
    if run is None:
        return None
    overdue = now - run.started_at > timedelta(minutes=2 * settings.DISPATCH_EVERY_MINUTES)
    return {"run": run, "overdue": overdue, "link": reverse("admin:rules_dispatchrun_change", args=[run.pk])}
