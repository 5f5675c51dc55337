"""Checks of delivery: failed deliveries, failing channels, and a worker that sends."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min

from notifications.channels.status import STATUS_QUERIES
from notifications.models import Channel, Delivery
from smartagent.doctor.findings import Finding, error, info, warning
from smartagent.doctor.schema_findings import about

DELIVERY_SPAN = timedelta(hours=24)
DELIVERY_GRACE = timedelta(minutes=5)
MAX_NAMED = 3
START_DELIVERY = (
    "Start `manage.py up`, or `manage.py deliver` or `manage.py qcluster` if the web server runs elsewhere."
)


def check_dead_deliveries(now: datetime) -> Iterator[Finding]:
    """Deliveries that failed permanently in the last day."""
    dead = Delivery.objects.dead().filter(settled_at__gte=now - DELIVERY_SPAN).order_by("-settled_at")
    count = dead.count()
    if count:
        problem = f"{count:,} {'notification' if count == 1 else 'notifications'} failed permanently in the last day"
        cause = dead.values_list("cause", flat=True).first()
        yield warning("deliveries", f"{problem}; the newest: {cause or 'no error text'}",
                      "See Deliveries, filtered by failed, to resend them.")  # fmt: skip


def check_channels() -> Iterator[Finding]:
    """Channels whose last message was not delivered, and channels that never delivered one."""
    if problem := _in_state("failing"):
        yield warning("channels", problem, "See the error under Channels and send a test after fixing the cause.")
    if problem := _in_state("untested"):
        yield info("channels", problem, "Send a test under Channels; no delivery has succeeded yet.")


def _in_state(state: str) -> str:
    """`2 channels are failing: “ops” of Ada, …`; empty where there is none."""
    found = Channel.objects.filter(STATUS_QUERIES[state]).order_by("opened_at", "created_at", "id")
    count = found.count()
    named = [f"“{channel.name}” of {channel.user}" for channel in found.select_related("user")[:MAX_NAMED]]
    rest = f" and {count - len(named):,} more" if count > len(named) else ""
    return (
        f"{count:,} {'channel is' if count == 1 else 'channels are'} {state}: {', '.join(named)}{rest}."
        if count
        else ""
    )


def check_sending(now: datetime) -> Iterator[Finding]:
    """Deliveries by working channels that are overdue, including those leased by a lost worker."""
    count, since = overdue_deliveries(now)
    if since is not None:
        problem = f"{count:,} {'notification is' if count == 1 else 'notifications are'} due, "
        problem += f"the oldest for {about(now - since)}"
        yield error("deliveries", f"{problem}: no worker is sending.", START_DELIVERY)


def overdue_deliveries(now: datetime) -> tuple[int, datetime | None]:
    """The number of deliveries by working channels that should have been sent, and since when the oldest is due."""
    working = Channel.objects.in_use().filter(opened_at=None)
    late = Delivery.objects.filter(status="due", due_at__lte=now - DELIVERY_GRACE, channel__in=working)
    stuck = Delivery.objects.filter(status="sending", leased_until__lte=now - DELIVERY_GRACE)
    due = late.aggregate(count=Count("pk"), since=Min("due_at"))
    held = stuck.aggregate(count=Count("pk"), since=Min("leased_until"))
    since = min((each["since"] for each in (due, held) if each["since"]), default=None)
    return due["count"] + held["count"], since
