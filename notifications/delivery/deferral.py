"""Quiet hours for deliveries that are late: retries, and those that waited for their channel."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications.delivery.rate_limit import DueDelivery
from notifications.models import Delivery, Preference
from notifications.routing.quiet_hours import quiet_until, read
from notifications.routing.router import NOTIFICATION_TTL, quiet_cause
from notifications.routing.subscribers import zone_named


def hold_in_quiet_hours(due: Sequence[DueDelivery], now: datetime) -> list[DueDelivery]:
    """Return those of `due` that may be sent now; defer the others to the end of their person's quiet hours."""
    late = {one.delivery for one in due if one.late}
    if not late:
        return list(due)
    held: dict[tuple[datetime, str], list[UUID]] = defaultdict(list)
    people = dict(Delivery.objects.filter(pk__in=late).values_list("pk", "user"))
    wants = {want.user_id: want for want in Preference.objects.filter(user__in=people.values()).select_related("user")}
    for delivery, person in people.items():
        if want := wants.get(person):
            zone = zone_named(want.user.time_zone)
            if until := quiet_until(read(want.quiet), zone, now):
                held[until, quiet_cause(until, zone)].append(delivery)
    for (until, cause), some in held.items():
        Delivery.objects.filter(pk__in=some).update(
            status="held", due_at=until, expires_at=until + NOTIFICATION_TTL, cause=cause
        )
    gone = {delivery for some in held.values() for delivery in some}
    return [one for one in due if one.delivery not in gone]
