"""Checks of the chain of the activity log: entries are sealed, and the last verification found nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rules.audit.events import AUDIT_BROKEN
from rules.audit.recorded_verification import last_verification
from rules.models import ActivityEntry, UnsealedEntries
from smartagent.doctor.findings import Finding, error, warning

SEALED_WITHIN = timedelta(minutes=15)


def check_audit(now: datetime) -> Iterator[Finding]:
    """A worker seals each minute; pending entries wait for their result."""
    last = last_verification()
    if last is not None and last.event_type == AUDIT_BROKEN:
        problem = f"The activity log is not as it was written: {last.error_message}"
        yield error("activity log", problem, "Run `manage.py audit verify`, which lists what does not fit.")
    before = now - SEALED_WITHIN
    waiting = UnsealedEntries.objects.filter(written_at__lt=before)
    if waiting.exists() and not ActivityEntry.objects.filter(status="pending", created_at__lt=before).exists():
        yield warning("activity log", "New entries were not sealed for a quarter of an hour.",
                      "Start a worker (`manage.py qcluster`), or run `manage.py audit seal`.")  # fmt: skip
