"""The page Strategy performance: which strategies and operations help."""

from datetime import timedelta

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from optimizer.measurement.scoreboard import chart, in_words, of_operations, of_strategies
from optimizer.models import OptimizationEvent

PERIODS = {"30": "30 days", "90": "90 days", "all": "all time"}


@require_safe
def scoreboard_page(request: HttpRequest) -> HttpResponse:
    """Show the outcomes of the proposals that the person may see."""
    if not request.user.has_perm("optimizer.view_optimizationevent"):
        raise PermissionDenied
    period = request.GET.get("period", "all")
    period = period if period in PERIODS else "all"
    events = OptimizationEvent.objects.visible_to(request.user)
    if period != "all":
        events = events.filter(created_at__gt=timezone.now() - timedelta(days=int(period)))
    strategies = of_strategies(events)
    context = site.each_context(request) | {
        "title": "Strategy performance", "strategies": strategies,
        "operations": of_operations(events), "period": period,
        "periods": PERIODS, "chart": chart(strategies), "words": in_words(strategies),
        "measured": any(score.measured or score.too_little for score in strategies),
    }  # fmt: skip
    return render(request, "optimizer/scoreboard.html", context)
