"""The first page: what fires, what was done about it, and whether the clock ticks. All of whoever looks."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from rules.permissions import may_evaluate
from rules.querysets import ActivityQuerySet
from smartagent.scope import OwnedQuerySet

MOST = 10_000
Card = dict[str, str]


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to `context` what the page shows; called by Unfold for the index of the site."""
    now, user = timezone.now(), request.user
    entries = ActivityEntry.objects.visible_to(user)
    states = RuleState.objects.firing().visible_to(user).select_related("rule", "user")
    return context | {
        "title": "Overview",
        "cards": _cards(request, entries, states, now),
        "chart": _chart(entries, now),
        "firing": list(states[:8]),
        "latest": list(entries.select_related("rule")[:10]),
        "tick": _tick(now),
        "has_rules": AutomationRule.objects.visible_to(user).exists(),
        "may_evaluate": may_evaluate(user),
    }


def _cards(request: HttpRequest, entries: ActivityQuerySet, states: OwnedQuerySet, now: datetime) -> list[Card]:
    user = request.user
    activity = reverse("admin:rules_activityentry_changelist")
    unread = Notification.objects.addressed_to(user).unread()
    return [
        _card("Firing now", states, reverse("admin:rules_rulestate_changelist"), "danger"),
        _card("Active rules", AutomationRule.objects.visible_to(user).active(),
              reverse("admin:rules_automationrule_changelist") + "?status=active"),
        _card("Triggered in 24 h", entries.last_day(now).triggered(), f"{activity}?event=triggered&within=24h"),
        _card("Failed in 24 h", entries.last_day(now).failed(), f"{activity}?status=failed&within=24h", "danger"),
        _card("Unread", unread, reverse("admin:notifications_notification_changelist") + "?status=unread"),
        _card("Proposed", OptimizationEvent.objects.proposed().visible_to(user),
              reverse("admin:optimizer_optimizationevent_changelist") + "?status=proposed"),
    ]  # fmt: skip


def _card(label: str, rows: OwnedQuerySet, link: str, alarm: str = "") -> dict[str, str]:
    count = rows.order_by()[: MOST + 1].count()
    text = f"{MOST:,}+" if count > MOST else f"{count:,}"
    return {"label": label, "count": text, "link": link, "tone": alarm if count else ""}


def _chart(entries: ActivityQuerySet, now: datetime) -> dict[str, Any]:
    """Triggerings per hour of the last 24, with the same as words for those who do not see it."""
    first = (now - timedelta(hours=23)).replace(minute=0, second=0, microsecond=0)
    rows = entries.since(first).triggered().annotate(hour=TruncHour("created_at")).values("hour")
    found = {row["hour"]: row["times"] for row in rows.annotate(times=Count("id")).order_by("hour")}
    hours = [first + timedelta(hours=number) for number in range(24)]
    counts = [found.get(hour, 0) for hour in hours]
    labels = [f"{timezone.localtime(hour):%H:%M}" for hour in hours]
    dataset = {"label": "Triggered", "data": counts, "backgroundColor": "#0d9488", "borderRadius": 3}
    peak = max(range(24), key=counts.__getitem__)
    words = (
        f"{sum(counts):,} in 24 hours; most at {labels[peak]}: {counts[peak]:,}."
        if any(counts)
        else "None in 24 hours."
    )
    return {"data": json.dumps({"labels": labels, "datasets": [dataset]}), "words": words}


def _tick(now: datetime) -> dict[str, Any] | None:
    """The last tick of the clock, how long ago, and whether one is missing."""
    run = DispatchRun.objects.filter(trigger=DispatchRun.Trigger.SCHEDULE).order_by("-started_at").first()
    if run is None:
        return None
    ago = now - run.started_at
    return {"run": run, "ago": ago, "missing": ago > timedelta(minutes=2 * settings.DISPATCH_EVERY_MINUTES)}
