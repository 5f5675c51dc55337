"""The wall display: what fires, the worst first, and what needs attention; to be read from afar, nothing to click."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from rules.models import RuleState
from smartagent.dashboard.firing import firing_rules
from smartagent.dashboard.overview_period import OverviewPeriod
from smartagent.dashboard.problems import problems
from smartagent.kernel.schema_drift_log import if_there

WALL_RULES_SHOWN = 5


def wall(request: HttpRequest, period: OverviewPeriod) -> dict[str, Any]:
    """What the display shows, as far as the person sees it; `firing` is None where that cannot be said."""
    states = RuleState.objects.firing().visible_to(request.user)
    shown = partial(firing_rules, states, request.user, period.end, shown=WALL_RULES_SHOWN)
    return {"firing": if_there(shown), "problems": problems(request.user, period), "period": period}
