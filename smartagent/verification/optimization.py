"""An optimization that is proposed, approved by another person, applied, and measured a day later."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from optimizer.execution.runner import apply
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.proposals.decisions import DecisionRefused, approve
from optimizer.tasks import measure_one
from rules.models import ActivityEntry, AutomationRule
from smartagent.models import User
from smartagent.verification.evaluations import evaluate_rules_of, somebody

MEASURED_AFTER = timedelta(days=1)
READ_EVERY = timedelta(hours=1)  # of a metric that holds its value, one reading an hour counts


@dataclass(slots=True)
class VerifiedOptimization:
    """An optimization of this person and rule, and its verdict; no event where the rule did not fire."""

    person: User
    rule: AutomationRule
    event: OptimizationEvent | None = None
    refused: str = ""  # why it was not approved, or not applied
    verdict: str = ""

    def steps(self) -> list[OptimizationStep]:
        """The operations, in their order."""
        return list(self.event.steps.order_by("position")) if self.event else []

    def entries(self) -> list[ActivityEntry]:
        """The entries of the activity log, oldest first."""
        return list(ActivityEntry.objects.filter(user=self.person).order_by("created_at", "event_type"))


def set_policy() -> None:
    """Set the policy for this transaction: another person must approve, and harmful changes are rolled back."""
    values = {"stopped": False, "needs_another": True, "undo_worse": True, "window": []}
    OptimizerPolicy.objects.update_or_create(pk=1, defaults=values)


def evaluate_repeatedly(optimization: VerifiedOptimization, begin: datetime, count: int) -> datetime:
    """Evaluate `count` times from `begin`, an hour apart; return the time of the next evaluation."""
    for number in range(count):
        evaluate_rules_of(optimization.person, begin + number * READ_EVERY)
    return begin + count * READ_EVERY


def approve_and_apply(optimization: VerifiedOptimization, now: datetime) -> None:
    """Have the proposal of the rule approved by another person, and apply it."""
    optimization.event = OptimizationEvent.objects.filter(rule=optimization.rule).select_related("rule").first()
    if optimization.event is None:
        return
    try:
        approve(optimization.event, somebody("Abel Approver"), now)
        optimization.event = apply(optimization.event.pk, now + timedelta(seconds=1))
    except DecisionRefused as refusal:
        optimization.refused = str(refusal)


def measure_effect(optimization: VerifiedOptimization) -> None:
    """Measure the effect on the metric a day after it was applied."""
    if optimization.event and optimization.event.applied_at:
        optimization.verdict = measure_one(
            optimization.event, optimization.event.applied_at + MEASURED_AFTER, undo_worse=True
        )
        optimization.event.refresh_from_db()
