"""The outgoing heartbeat: a request to HEARTBEAT_URL after each completed evaluation of all rules.

A receiver outside of this machine notifies where none arrives, as Healthchecks does. The URL is a secret: errors name
its host only. The activity log has an entry when requests begin to fail, and when they succeed again.
"""

from datetime import datetime

import structlog
from django.conf import settings
from django.utils import timezone

from rules.engine.event_kinds import EventKind
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, DispatchRun
from smartagent.kernel.member_role import as_owner
from smartagent.outbound.client import check_url, send
from smartagent.outbound.errors import NotSent

log = structlog.get_logger(__name__)
HEARTBEAT_SECONDS = 5.0
FAILED, RECOVERED = "heartbeat_failed", "heartbeat_recovered"
HEARTBEAT_EVENTS = (
    EventKind(
        kind=FAILED, label="heartbeat failed", tone="danger",
        sentence="The heartbeat to HEARTBEAT_URL began to fail: {cause}",
    ),
    EventKind(
        kind=RECOVERED, label="heartbeat recovered", tone="success",
        sentence="The heartbeat to HEARTBEAT_URL succeeds again.",
    ),
)  # fmt: skip


def evaluate_with_heartbeat(at: datetime, trigger: str) -> DispatchRun:
    """Evaluate all rules as of `at`, and send the heartbeat when that is over; the failure of one changes no run."""
    try:
        run = dispatch(at, trigger)
    except Exception:
        beat(completed=False)
        raise
    if run.outcome == DispatchRun.Outcome.COMPLETED:
        beat(completed=True)
    return run


@as_owner()
def beat(*, completed: bool) -> None:
    """Send the heartbeat of an evaluation; of a failed one to `/fail`, where HEARTBEAT_FAILURES is on."""
    url = settings.HEARTBEAT_SECRET_URL
    if not url or not (completed or settings.HEARTBEAT_FAILURES):
        return
    try:
        _record_change(_request(url, completed=completed), timezone.now())
    except Exception as error:  # whatever it is, the evaluation is over and stands
        log.warning("heartbeat failed", error=type(error).__name__)


def failing_since() -> ActivityEntry | None:
    """The entry that says since when and why heartbeats fail; None where they succeed, or there are none."""
    if not settings.HEARTBEAT_SECRET_URL:
        return None
    last = ActivityEntry.objects.filter(event_type__in=[FAILED, RECOVERED]).order_by("-created_at", "-id").first()
    return last if last is not None and last.event_type == FAILED else None


def _request(url: str, *, completed: bool) -> str:
    """Send the request; return why it failed, empty where it succeeded."""
    try:
        address = check_url(url)
        if not completed:
            address = address.copy_with(path=f"{address.path.rstrip('/')}/fail")
        answer = send("GET", str(address), seconds=HEARTBEAT_SECONDS)
    except NotSent as error:
        return str(error)
    return "" if answer.succeeded else f"{address.host} answered {answer.code}."


def _record_change(cause: str, now: datetime) -> None:
    if bool(cause) == (failing_since() is not None):
        return
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=FAILED if cause else RECOVERED, action_taken="none",
        status="failed" if cause else "success", error_message=cause or None, context={"cause": cause},
        created_at=now, executed_at=now,
    )  # fmt: skip
    log.warning("heartbeat", failed=bool(cause), cause=cause)
