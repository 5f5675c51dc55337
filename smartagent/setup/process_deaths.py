"""Processes that ended though nobody had ended them, in the activity log, for RULES_EVENTS."""

import signal
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.member_role import as_owner

log = structlog.get_logger(__name__)
PROCESS_ENDED = "process_ended"
PROCESS_EVENTS = (
    EventKind(
        kind=PROCESS_ENDED, label="process ended", tone="danger",
        sentence="{process} ended unexpectedly: {cause}. It was started again.",
    ),
)  # fmt: skip
TRIES, PAUSE_SECONDS = 60, 5.0  # for five minutes: a database that is away may be why the process ended


def cause_of_death(code: int | None) -> str:
    """An exit code in words: `exit code 3`, `killed by SIGKILL, as the system does without memory`."""
    if code is None:
        return "exit code unknown"
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return (
        f"killed by {name}, as the system does when memory runs out" if -code == signal.SIGKILL else f"killed by {name}"
    )


@as_owner()
def log_death(process: str, code: int | None, at: datetime) -> None:
    """Write an entry; DatabaseError where there is no database."""
    cause = cause_of_death(code)
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=PROCESS_ENDED, action_taken="none", status="failed", error_message=cause,
        context={"process": process, "cause": cause}, created_at=at, executed_at=timezone.now(),
    )  # fmt: skip


def keep_death(process: str, code: int | None, *, tries: int = TRIES) -> bool:
    """Write an entry, once the database takes it; whether it did."""
    at = timezone.now()
    return keep(lambda: log_death(process, code, at), f"the end of a process: {process}", tries=tries)


def keep(write: Callable[[], None], what: str, *, tries: int = TRIES) -> bool:
    """Call `write`, once the database takes it; whether it did."""
    for each in range(tries):
        try:
            write()
        except DatabaseError as error:
            log.warning("activity entry not written", entry=what, error=str(error).strip())
        else:
            return True
        finally:
            connection.close()
        if each < tries - 1:
            time.sleep(PAUSE_SECONDS)
    return False
