"""The outcomes of each strategy and of each operation, in one statement each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from optimizer.inert import unchanging
from optimizer.metrics import METRIC_PREFIX
from optimizer.models import OptimizationStep
from optimizer.models.querysets import OptimizationQuerySet
from optimizer.text.proposal import operation_name, strategy_name

VERDICTS = ("improved", "unchanged", "worse", "too_little")
SCOREBOARD_COUNTS = {
    "applied": Q(applied_at__isnull=False), "failed": Q(status="failed"), "rolled_back": Q(status="rolled_back"),
    "dismissed": Q(status="dismissed"), "expired": Q(status="expired"),
} | {verdict: Q(verdict=verdict) for verdict in VERDICTS}  # fmt: skip
DONE_STATUSES = ("done", "undone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How often a strategy or operation was proposed, and the outcomes."""

    kind: str
    label: str
    proposed: int = 0
    applied: int = 0
    improved: int = 0
    unchanged: int = 0
    worse: int = 0
    too_little: int = 0
    failed: int = 0
    rolled_back: int = 0
    dismissed: int = 0
    expired: int = 0

    @property
    def measured(self) -> int:
        """The number of measured outcomes."""
        return self.improved + self.unchanged + self.worse

    @property
    def rate(self) -> float | None:
        """The percentage of measured outcomes that improved; None without any."""
        return round(100 * self.improved / self.measured, 1) if self.measured else None


def of_strategies(events: OptimizationQuerySet) -> list[Score]:
    """Scores by strategy, most proposed first, without proposals of other programs."""
    ours = events.filter(source_event_type__startswith=METRIC_PREFIX).order_by().values("strategy")
    rows = ours.annotate(**{name: Count("pk", filter=condition) for name, condition in SCOREBOARD_COUNTS.items()})
    found = [
        Score(**row | {"kind": (kind := row.pop("strategy") or ""), "label": strategy_name(kind)})
        for row in rows.annotate(proposed=Count("pk"))
    ]
    return sorted(found, key=lambda score: (-score.proposed, score.label))


def of_operations(events: OptimizationQuerySet) -> list[Score]:
    """Scores by operation: of all its steps, and of the proposals in which it was completed."""
    rows = OptimizationStep.objects.filter(event__in=events.order_by().values("pk")).order_by().values("operation")
    done, changes = Q(status__in=DONE_STATUSES), ~Q(operation__in=unchanging())
    counts: dict[str, Any] = {
        "applied": Count("pk", filter=done), "failed": Count("pk", filter=Q(status="failed")),
        "rolled_back": Count("pk", filter=Q(status="undone")),
    } | {verdict: Count("pk", filter=done & changes & Q(event__verdict=verdict)) for verdict in VERDICTS}  # fmt: skip
    found = [
        Score(**row | {"kind": (kind := row.pop("operation")), "label": operation_name(kind)})
        for row in rows.annotate(proposed=Count("pk"), **counts)
    ]
    return sorted(found, key=lambda score: (-score.proposed, score.label))


BARS = {
    "improved": ("Improved", "var(--color-green-600)"), "unchanged": ("No change", "var(--color-base-400)"),
    "worse": ("Worse", "var(--color-red-600)"), "too_little": ("Too little data", "var(--color-base-200)"),
}  # fmt: skip


def chart(scores: Sequence[Score]) -> str:
    """The data for Chart.js: the outcomes of each strategy, stacked."""
    sets = [
        {"label": label, "data": [getattr(score, name) for score in scores], "backgroundColor": colour, "stack": "all"}
        for name, (label, colour) in BARS.items()
    ]
    return json.dumps({"labels": [score.label for score in scores], "datasets": sets})


def in_words(scores: Sequence[Score]) -> str:
    """The chart in words, for screen readers."""
    measured = [score for score in scores if score.measured]
    if not measured:
        return "No measured optimizations yet, so no strategy runs automatically."
    best = max(measured, key=lambda score: (score.rate or 0, score.measured))
    summary = f"Best strategy: {best.label}, {best.improved} of {best.measured} measured optimizations improved."
    worse = sum(score.worse for score in measured)
    return summary + (f" {worse} made the metric worse." if worse else " None made the metric worse.")
