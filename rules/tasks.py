"""Scheduled tasks."""

from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun


def tick() -> str:
    """Evaluate every rule now; the result is kept in django-q2's task log."""
    run = dispatch(timezone.now(), DispatchRun.Trigger.SCHEDULE)
    return f"{run.outcome}: {run.triggered} triggered, {run.failed} failed"
