"""Scheduled tasks: decisions by the policy, approved proposals, measurements, and the weekly report."""

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
    """Run everything that is due; return the number of applied proposals."""
    now = timezone.now()
    expire(now)
    approve_by_policy(now)
    applied = _work()
    measure_all(timezone.now())
    return applied


def measure_all(now: datetime) -> int:
    """Measure proposals whose day is over, and roll back those that made the metric worse where the policy says so;
    return their number."""
    rows = due(now)
    undo = OptimizerPolicy.current().undo_worse
    for event in rows:
        measure_one(event, now, undo_worse=undo)
    return len(rows)


def report() -> int:
    """Send the weekly report; return the number of recipients."""
    return send_weekly(timezone.now())


def measure_one(event: OptimizationEvent, now: datetime, *, undo_worse: bool) -> str:
    """Measure, roll back where `undo_worse` and the metric became worse, and return the verdict."""
    verdict = measure(event, now)
    if verdict == OptimizationEvent.Verdict.WORSE and undo_worse:
        _roll_back(event, now)
    return verdict


def _work() -> int:
    """Apply what is waiting; each proposal with its own time, since others may have taken long."""
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
