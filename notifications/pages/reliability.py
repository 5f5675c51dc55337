"""The page Reliability: service level, figures by kind and by channel, and the last failures."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from notifications.models import ReliabilityGoal
from notifications.pages.forms.reliability import ReliabilityGoalForm
from notifications.reliability.failures import last_failures
from notifications.reliability.figures import (
    MAX_CHANNELS,
    PERIOD_LABELS,
    Row,
    budget_in_words,
    budget_left,
    reliability_of,
)
from notifications.reliability.goal import CHANGE_GOAL, VIEW_GOAL, change_goal
from notifications.reliability.self_tests import last_runs

DEFAULT_PERIOD = "24h"
PAGE_NAME = "admin:reliability"


@require_http_methods(["GET", "POST"])
def reliability_page(request: HttpRequest) -> HttpResponse:
    """Show it, to whoever sees everybody's deliveries; on POST change the goal."""
    if not request.user.has_perm(CHANGE_GOAL if request.method == "POST" else VIEW_GOAL):
        raise PermissionDenied
    goal, now = ReliabilityGoal.current(), timezone.now()
    form = ReliabilityGoalForm(request.POST or None, goal=goal, user=request.user)
    if request.method == "POST" and form.is_valid():
        changed = change_goal(form.values, request.user, now)
        messages.success(request, "Reliability goal updated." if changed else "No changes.")
        return HttpResponseRedirect(reverse(PAGE_NAME))
    found = reliability_of(goal.seconds, now)
    period = request.GET.get("period", DEFAULT_PERIOD)
    period = period if period in PERIOD_LABELS else DEFAULT_PERIOD
    context: dict[str, Any] = site.each_context(request) | {
        "title": "Reliability", "goal": goal, "form": form, "may_change": request.user.has_perm(CHANGE_GOAL),
        "levels": _levels(found.total, goal), "period": period, "periods": PERIOD_LABELS,
        "kinds": _table(found.kinds, period), "channels": _table(found.channels, period),
        "failures": last_failures(now), "runs": last_runs(now),
        "self_test_minutes": settings.SELFTEST_EVERY_MINUTES, "max_channels": MAX_CHANNELS,
        "complains": request.method == "POST",
    }  # fmt: skip
    return render(request, "notifications/reliability.html", context)


def _levels(total: Row, goal: ReliabilityGoal) -> list[dict[str, Any]]:
    """The service level of each period, with its error budget."""
    return [
        {
            "label": PERIOD_LABELS[name], "figures": figures, "left": (left := budget_left(figures, goal.percent)),
            "bar": max(0, min(100, round(left or 0))), "budget": budget_in_words(figures, goal.percent),
            "is_met": left is not None and left >= 0,
        }
        for name, figures in total.periods.items()
    ]  # fmt: skip


def _table(rows: list[Row], period: str) -> list[dict[str, Any]]:
    return [{"row": row, "figures": row.periods[period]} for row in rows if row.periods[period].total]
