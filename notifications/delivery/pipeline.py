"""One delivery, step by step. Read this first.

0. The gateway has written it, in the transaction of whoever notifies. `prepare` escalates, releases what was held until
   now, gives up what has expired, and hands over what a broken channel keeps.
1. `take`: what is due, and not held by quiet hours or the rate limit, is leased; an attempt is written for each.
2. `render`: the message and the address of each, in a few statements for all.
3. `Call.attempt`: sent outside any transaction, hundreds at a time. The delivery's id is the idempotency key.
4. `record`: delivered, due again later, or dead; the attempt; and the circuit breaker of the channel.

A worker that dies in between leaves a lease that runs out, and the delivery is sent again with the same id: at least
once, and recognisable as the same.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from notifications.delivery.attempt import Call, attempt_all, render
from notifications.delivery.deferral import hold_in_quiet_hours
from notifications.delivery.housekeeping import prepare
from notifications.delivery.outcome import Result, record
from notifications.delivery.outstanding import Outstanding
from notifications.delivery.queue import Lease, breaker_probes, due_deliveries, lease, lease_one, reclaim_abandoned
from notifications.delivery.rate_limit import allowed

__all__ = [
    "DELIVERY_LEASE", "Call", "Lease", "Result", "attempt_all", "deliver_one", "prepare", "record", "render", "take",
]  # fmt: skip
DELIVERY_LEASE = timedelta(seconds=60)


@transaction.atomic
def take(
    now: datetime, limit: int, duration: timedelta = DELIVERY_LEASE, out: Outstanding | None = None
) -> list[Lease]:
    """Lease at most `limit` deliveries that may be sent now, for `duration`, beside those that are `out`."""
    out = out or Outstanding()
    reclaim_abandoned(now, limit)
    probes = hold_in_quiet_hours(breaker_probes(now, limit), now)
    due = hold_in_quiet_hours(out.within_room(due_deliveries(now, limit - len(probes), out.full())), now)
    return lease([*probes, *allowed(due, now, settings.NOTIFICATIONS_PER_MINUTE)], now, duration)


def deliver_one(delivery: UUID, now: datetime) -> Result | None:
    """Send this delivery at once, regardless of circuit breaker and rate limit; None where it is not due."""
    leased = lease_one(delivery, now, DELIVERY_LEASE)
    if leased is None:
        return None
    calls, results = render([leased])
    results += attempt_all(calls)
    record(results, timezone.now())
    return results[0]
