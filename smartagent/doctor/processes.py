"""Checks of processes: none has ended though nobody had ended it."""

from collections.abc import Iterator
from datetime import datetime

from rules.models import ActivityEntry
from smartagent.doctor.findings import Finding, warning
from smartagent.doctor.schema_findings import about
from smartagent.kernel.formats import counted
from smartagent.setup.process_deaths import PROCESS_ENDED


def check_deaths(now: datetime) -> Iterator[Finding]:
    """Processes that were killed or failed in the last day, and were started again."""
    deaths = ActivityEntry.objects.filter(event_type=PROCESS_ENDED).last_day(now).order_by("-created_at")
    newest = deaths.first()
    if newest is None:
        return
    ended = f"{counted(deaths.count(), 'process', 'processes')} ended unexpectedly in the last day"
    last = f"the last, {about(now - newest.created_at)} ago: {newest.context.get('process')}, {newest.error_message}"
    yield warning(
        "processes", f"{ended}; {last}.",
        "It was started again. See its log; where the system killed it, look for lack of memory (`journalctl -k`).",
    )  # fmt: skip
