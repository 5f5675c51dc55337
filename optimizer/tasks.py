"""Scheduled tasks: the policy decides, approved proposals are applied, effects are measured, and the weekly
report is sent."""

import time
from datetime import datetime

from django.utils import timezone

from optimizer.execution.runner import roll_back, work
from optimizer.measurement.effect import due, measure
from optimizer.measurement.weekly_report_mail import send_weekly
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.proposals.decisions import DecisionRefused, approve_by_policy, expire

MAX_BEGIN_SECONDS = 120  # seconds for which new ones are begun


def optimize() -> int:
    """One look at all of it; return how many proposals were applied."""
    now = timezone.now()
    expire(now)
    approve_by_policy(now)
    applied = _work()
    measure_all(timezone.now())
    return applied


def measure_all(now: datetime) -> int:
    """Measure those whose day is over, and roll back what made it worse where the policy says so; return how many."""
    rows = due(now)
    undo = OptimizerPolicy.current().undo_worse
    for event in rows:
        measure_one(event, now, undo_worse=undo)
    return len(rows)


def report() -> int:
    """Send the report of the week; return to how many people."""
    return send_weekly(timezone.now())


def measure_one(event: OptimizationEvent, now: datetime, *, undo_worse: bool) -> str:
    """Measure it, roll it back where that is wished and it made things worse, and return the verdict."""
    verdict = measure(event, now)
    if verdict == OptimizationEvent.Verdict.WORSE and undo_worse:
        _roll_back(event, now)
    return verdict


def _work() -> int:
    """Each is begun by the clock of its own: others may have taken their time."""
    count, until = 0, time.monotonic() + MAX_BEGIN_SECONDS
    while time.monotonic() < until and work(timezone.now(), maximum=1):
        count += 1
    return count


def _roll_back(event: OptimizationEvent, now: datetime) -> None:
    try:
        roll_back(event, None, now, note="The metric became worse.")
    except DecisionRefused as refusal:
        note = f"The metric became worse, but the change was kept: {refusal}"
        OptimizationEvent.objects.filter(pk=event.pk).update(decision_note=note)
