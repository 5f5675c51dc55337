"""How late a scheduled evaluation is, and what has kept it, as far as that can be known afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil
from django.db import connection

from rules.engine.intervals import evaluation_interval
from rules.models import DispatchRun

DATABASE_STARTED = "SELECT pg_postmaster_start_time()"
TIME = "%Y-%m-%d %H:%M:%S UTC"


def note_lateness(run: DispatchRun) -> None:
    """Set `late_by` of a scheduled run that is more than half an interval late, and the cause as its message."""
    if run.trigger != DispatchRun.Trigger.SCHEDULE:
        return
    interval = evaluation_interval()
    before = DispatchRun.objects.filter(trigger=DispatchRun.Trigger.SCHEDULE).order_by("-started_at").first()
    late = run.started_at - before.started_at - interval if before else timedelta(0)
    if before is None or late <= interval / 2:
        return
    run.late_by = late
    if causes := list(_causes(before)):
        run.error_message = f"It was late: {'; '.join(causes)}."


def _causes(before: DispatchRun) -> Iterator[str]:
    """What has happened since the run before."""
    with connection.cursor() as cursor:
        cursor.execute(DATABASE_STARTED)
        (database,) = cursor.fetchone()
    process = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
    if database > before.started_at:
        yield f"PostgreSQL was started at {database.astimezone(UTC):{TIME}}"
    if process > before.started_at:
        yield f"the process that evaluates was started at {process:{TIME}}"
    if before.finished_at is not None and before.finished_at - before.started_at > evaluation_interval():
        yield f"the evaluation before took {(before.finished_at - before.started_at).total_seconds():.0f} s"
