"""The overview: what needs somebody, the numbers of a period, and the last evaluation, of all that the person sees."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.engine.intervals import evaluation_interval
from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from rules.models.querysets import StateQuerySet
from rules.permissions import may_evaluate
from smartagent.dashboard.firing import firing_rules
from smartagent.dashboard.integration_grid import integration_grid
from smartagent.dashboard.latest_activity import latest_activity
from smartagent.dashboard.noisy_rules import noisy_rules
from smartagent.dashboard.optimizer_results import optimizer_results
from smartagent.dashboard.overview_period import OverviewPeriod, period_of
from smartagent.dashboard.problems import problems
from smartagent.dashboard.trend import Trend, trend_of
from smartagent.dashboard.wall import wall
from smartagent.demo import progress
from smartagent.kernel.schema_drift_log import if_there
from smartagent.kernel.scope import OwnedQuerySet, has_everyone
from smartagent.shell.cards import Card
from smartagent.shell.site import is_wall

MAX_COUNTED = 10_000
ENTRIES_SHOWN = 10
ACTIVITY = "rules_activityentry"


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
    if not context["has_rules"]:
        return context
    period = period_of(request.GET, now)
    return context | (wall(request, period) if is_wall(request) else _contents(request, period))


def _contents(request: HttpRequest, period: OverviewPeriod) -> dict[str, Any]:
    user, now = request.user, period.end
    entries = ActivityEntry.objects.visible_to(user)
    states = RuleState.objects.firing().visible_to(user)
    # What the database lacks something for is None: the page says so in its place.
    trend = if_there(partial(trend_of, entries, period, now, is_whole_log=has_everyone(user, "view")))
    makers: dict[str, tuple[str, Callable[[], Any]]] = {
        "firing": ("rules.view_rulestate", partial(firing_rules, states, user, now)),
        "noisy": ("rules.view_automationrule", partial(noisy_rules, entries, user, period)),
        "optimizer": ("optimizer.view_optimizationevent", partial(optimizer_results, user, period)),
        "integrations": ("rules.view_integration", partial(integration_grid, user)),
        "latest": ("rules.view_activityentry", partial(latest_activity, entries, ENTRIES_SHOWN)),
    }
    sections = {name: if_there(make) for name, (permission, make) in makers.items() if user.has_perm(permission)}
    return sections | {
        "period": period, "trend": trend, "chart": trend and trend.chart, "sections": sections,
        "cards": _cards(user, states, trend, period), "problems": problems(user, period),
    }  # fmt: skip


def _cards(user: Any, states: StateQuerySet, trend: Trend | None, period: OverviewPeriod) -> list[Card]:
    rules = AutomationRule.objects.visible_to(user).active()
    unread = Notification.objects.addressed_to(user).unread(period.end)
    proposed = OptimizationEvent.objects.proposed().visible_to(user)
    return [
        _card("Firing now", states, "rules_rulestate", alarm=True),
        *_cards_of(trend, period),
        _card("Unread notifications", unread, "notifications_notification", "?status=unread"),
        _card("Proposed optimizations", proposed, "optimizer_optimizationevent", "?status=proposed"),
        _card("Active rules", rules, "rules_automationrule", "?status=active"),
    ]


def _cards_of(trend: Trend | None, period: OverviewPeriod) -> list[Card]:
    """The numbers of the period, beside those of the period before."""
    place, within = reverse(f"admin:{ACTIVITY}_changelist"), f"within={period.name}"
    failed = f"{place}?status=failed&origin=smart_agent&{within}"
    triggered = f"{place}?event=triggered&{within}"
    if trend is None:
        return [Card(f"Failed in {period.short}", "?", failed), Card(f"Triggered in {period.short}", "?", triggered)]
    return [
        Card(f"Failed in {period.short}", f"{trend.failed:,}", failed, trend.failed > 0, trend.failed_change),
        Card(f"Triggered in {period.short}", f"{trend.triggered:,}", triggered, False, trend.change),
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
    overdue = now - run.started_at > 2 * evaluation_interval()
    return {"run": run, "overdue": overdue, "link": reverse("admin:rules_dispatchrun_change", args=[run.pk])}
