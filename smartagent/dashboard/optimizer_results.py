"""The results of the optimizations of a period."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from optimizer.models import OptimizationEvent
from smartagent.dashboard.overview_period import OverviewPeriod

# Each with its label, which optimizations have it, the filter of the list, and its tone.
RESULTS = {
    "proposed": ("waiting for approval", Q(status="proposed"), "status=proposed", "info"),
    "improved": ("improved the metric", Q(verdict="improved"), "status=&verdict=improved", "success"),
    "unchanged": ("no change", Q(verdict="unchanged"), "status=&verdict=unchanged", ""),
    "worse": ("made it worse", Q(verdict="worse"), "status=&verdict=worse", "danger"),
    "rolled_back": ("rolled back", Q(status="rolled_back"), "status=rolled_back", "warning"),
    "failed": ("failed", Q(status="failed"), "status=failed", "danger"),
}


@dataclass(frozen=True, slots=True)
class OptimizerResult:
    """How many optimizations have a result, and the list of them."""

    label: str
    count: int
    link: str
    tone: str


@dataclass(frozen=True, slots=True)
class OptimizerResults:
    """The results that there are, how many optimizations were applied, and of those measured how many improved."""

    results: list[OptimizerResult]
    total: int
    applied: int
    success_rate: int | None


def optimizer_results(user: Any, period: OverviewPeriod) -> OptimizerResults:
    """The optimizations of the period that `user` may see, in one query."""
    events = OptimizationEvent.objects.visible_to(user).ours().filter(created_at__gte=period.start)
    counts = {name: Count("pk", filter=condition) for name, (_, condition, *_) in RESULTS.items()}
    found = (
        events.exclude(strategy=None)
        .order_by()
        .aggregate(total=Count("pk"), applied=Count("pk", filter=Q(applied_at__isnull=False)), **counts)
    )
    measured = found["improved"] + found["unchanged"] + found["worse"]
    place = reverse("admin:optimizer_optimizationevent_changelist")
    results = [
        OptimizerResult(label, found[name], f"{place}?{query}&within={period.name}", tone)
        for name, (label, _, query, tone) in RESULTS.items()
        if found[name]
    ]
    rate = round(100 * found["improved"] / measured) if measured else None
    return OptimizerResults(results, found["total"], found["applied"], rate)
