"""What the workers' clock runs: the policy decides, what was approved is applied, what is over is measured; and
once a week that is reported."""

from datetime import datetime

from django.utils import timezone

from optimizer.deciding import Refused, approve_by_policy, expire
from optimizer.measuring import due, measure
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.report_mail import send_weekly
from optimizer.runner import roll_back, work


def optimize() -> int:
    """One look at all of it; return how many proposals were applied."""
    now = timezone.now()
    expire(now)
    approve_by_policy(now)
    applied = work(now)
    measure_all(now)
    return applied


def measure_all(now: datetime) -> int:
    """Measure those whose day is over, and roll back what made it worse where the policy says so; return how many."""
    rows = due(now)
    undo = OptimizerPolicy.current().undo_worse
    for event in rows:
        if measure(event, now) == OptimizationEvent.Verdict.WORSE and undo:
            _roll_back(event, now)
    return len(rows)


def report() -> int:
    """Send the report of the week; return to how many people."""
    return send_weekly(timezone.now())


def _roll_back(event: OptimizationEvent, now: datetime) -> None:
    try:
        roll_back(event, None, now, note="It made it worse.")
    except Refused as refusal:
        note = f"It made it worse, but stays: {refusal}"
        OptimizationEvent.objects.filter(pk=event.pk).update(decision_note=note)
