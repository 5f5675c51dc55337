"""Starts and stops of workers, in the activity log, for RULES_EVENTS."""

import socket
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.member_role import as_owner
from smartagent.setup.process_deaths import TRIES, keep

WORKERS_STARTED, WORKERS_STOPPED = "workers_started", "workers_stopped"
WORKER_EVENTS = (
    EventKind(
        kind=WORKERS_STARTED, label="workers started", tone="info",
        sentence="The workers on {host} were started, version {version}.",
    ),
    EventKind(
        kind=WORKERS_STOPPED, label="workers stopped", tone="info",
        sentence="The workers on {host} were stopped by SIGTERM or Ctrl-C.",
    ),
)  # fmt: skip


def keep_start() -> bool:
    """Write that the workers of this machine were started, once the database takes the entry; whether it did."""
    return _keep(WORKERS_STARTED, TRIES)


def keep_stop() -> bool:
    """Write that the workers of this machine were stopped; whether the database took the entry at once."""
    return _keep(WORKERS_STOPPED, 1)


def _keep(event: str, tries: int) -> bool:
    at = timezone.now()
    return keep(lambda: _log(event, at), event, tries=tries)


@as_owner()
def _log(event: str, at: datetime) -> None:
    facts = {"host": socket.gethostname(), "version": settings.SPECTACULAR_SETTINGS["VERSION"]}
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=event, action_taken="none", status="success", context=facts,
        created_at=at, executed_at=timezone.now(),
    )  # fmt: skip
