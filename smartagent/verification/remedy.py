"""A remedy that is proposed, approved by another person, applied, and measured a day later: what both stories share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from optimizer.execution.runner import apply
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.proposals.decisions import DecisionRefused, approve
from optimizer.tasks import measure_one
from rules.models import ActivityEntry, AutomationRule
from smartagent.models import User
from smartagent.verification.ticks import somebody, tick

MEASURED_AFTER = timedelta(days=1)
READ_EVERY = timedelta(hours=1)  # of a metric that holds its value, one reading an hour counts


@dataclass(slots=True)
class Remedy:
    """What became of it. Nothing is assumed: where no rule fired there is no event."""

    person: User
    rule: AutomationRule
    event: OptimizationEvent | None = None
    refused: str = ""  # why it was not approved, or not applied
    verdict: str = ""

    def steps(self) -> list[OptimizationStep]:
        """The operations, in their order."""
        return list(self.event.steps.order_by("position")) if self.event else []

    def entries(self) -> list[ActivityEntry]:
        """What was written down, the oldest first."""
        return list(ActivityEntry.objects.filter(user=self.person).order_by("created_at", "event_type"))


def under_our_policy() -> None:
    """For the length of the transaction: another person approves, and what made it worse is rolled back."""
    values = {"stopped": False, "needs_another": True, "undo_worse": True, "window": []}
    OptimizerPolicy.objects.update_or_create(pk=1, defaults=values)


def ticks(remedy: Remedy, begin: datetime, count: int) -> datetime:
    """So many evaluations from `begin`, an hour apart; return when the next one would be."""
    for number in range(count):
        tick(remedy.person, begin + number * READ_EVERY)
    return begin + count * READ_EVERY


def decided(remedy: Remedy, now: datetime) -> None:
    """What the rule proposed, approved by somebody else and applied."""
    remedy.event = OptimizationEvent.objects.filter(rule=remedy.rule).select_related("rule").first()
    if remedy.event is None:
        return
    try:
        approve(remedy.event, somebody("Abel Approver"), now)
        remedy.event = apply(remedy.event.pk, now + timedelta(seconds=1))
    except DecisionRefused as refusal:
        remedy.refused = str(refusal)


def measured(remedy: Remedy) -> None:
    """What it did to the metric, a day after it was applied."""
    if remedy.event and remedy.event.applied_at:
        remedy.verdict = measure_one(remedy.event, remedy.event.applied_at + MEASURED_AFTER, undo_worse=True)
        remedy.event.refresh_from_db()
