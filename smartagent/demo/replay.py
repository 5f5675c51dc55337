"""The replay of the demo month: happenings up to each evaluation, then the evaluation by the real dispatcher."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun, Integration
from smartagent.demo.readings import Incidents

HOURLY, COARSE, FINE = timedelta(hours=1), timedelta(minutes=30), timedelta(minutes=5)  # between evaluations
RECENT = timedelta(hours=36)  # evaluations are 5 minutes apart in these,
OF_INCIDENTS = timedelta(days=9)  # 30 minutes in these, an hour before: a month takes a minute or two


@dataclass(order=True, slots=True)
class Happening:
    """A change of a table at a time of the month."""

    at: datetime
    do: Callable[[], Any] = field(compare=False)


def evaluation_times(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the times of the evaluations."""
    at = start
    while at <= end:
        yield at
        at += FINE if end - at <= RECENT else COARSE if end - at <= OF_INCIDENTS else HOURLY


def make_happenings(
    integrations: list[Integration], incidents: Incidents, start: datetime, end: datetime
) -> list[Happening]:
    """Return failures and recoveries of integrations during deep incidents, and people who read their inbox at nine."""
    found = []
    for integration in {one.user_id: one for one in integrations}.values():
        for incident in incidents.get(integration.user_id, []):
            if incident.depth > 0.7:
                begin, end_of_it = incident.start, incident.end
                found.append(
                    Happening(
                        begin, _status(integration, "error", "401 Unauthorized: the access token expired.", begin)
                    )
                )
                found.append(Happening(end_of_it, _status(integration, "active", None, end_of_it)))
    ours = Integration.objects.filter(pk__in=[one.pk for one in integrations], status=Integration.Status.ACTIVE)
    hours = int((end - start) / timedelta(hours=1))
    often = ours.filter(config__has_key="sync_interval_minutes")
    for hour in range(hours + 1):
        at = start + timedelta(hours=hour)
        found.append(Happening(at, _synchronise(often if hour % 12 else ours, at)))
    morning = start.replace(hour=9, minute=0)
    while (morning := morning + timedelta(days=1)) < end - timedelta(days=1):
        found.append(Happening(morning, _read_inbox(morning)))
    return found


def replay(
    start: datetime, end: datetime, happenings: list[Happening], on_evaluated: Callable[[datetime], None]
) -> None:
    """Simulate the month; call `on_evaluated` with each evaluation's time. Simultaneous happenings keep their order."""
    coming = sorted(happenings)[::-1]
    for at in evaluation_times(start, end):
        while coming and coming[-1].at <= at:
            coming.pop().do()
        dispatch(at, DispatchRun.Trigger.COMMAND)
        on_evaluated(at)


def _status(integration: Integration, status: str, error: str | None, at: datetime) -> Callable[[], int]:
    rows = Integration.objects.filter(pk=integration.pk)
    return lambda: rows.update(status=status, error_message=error, last_sync_at=at)


def _synchronise(integrations: QuerySet[Integration], at: datetime) -> Callable[[], int]:
    return lambda: integrations.update(last_sync_at=at)


def _read_inbox(at: datetime) -> Callable[[], None]:
    def read() -> None:
        Notification.objects.filter(~Q(severity="critical"), created_at__lt=at - timedelta(hours=6)).mark_read(at)
        Notification.objects.filter(status="read", created_at__lt=at - timedelta(days=14)).archive(at)

    return read
