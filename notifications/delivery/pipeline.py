"""The story of a delivery.

1. The gateway has written it, in the transaction of whoever tells something. Quiet hours, digests or a missing channel
   may hold it; what is held until now is let out, what has expired is given up, what a broken channel keeps is handed
   to the next one of the person.
2. A worker leases what is due, and writes an attempt for each, before anything is sent.
3. It sends, outside any transaction, many at a time. The delivery's id is the idempotency key.
4. What came of it is written down: delivered, due again later, or dead; the attempt; and the breaker of the channel.

A worker that dies in between leaves a lease that runs out, and the delivery is sent again with the same id: at least
once, and to be told apart.
"""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from notifications.delivery.attempt import calls_for
from notifications.delivery.housekeeping import prepare
from notifications.delivery.outcome import Result, settle
from notifications.delivery.queue import lease_one
from notifications.delivery.worker import LEASE, Worker

__all__ = ["LEASE", "Worker", "deliver", "deliver_one", "prepare"]


def deliver(now: datetime) -> int:
    """Send everything that is due now; return how many attempts that were."""
    prepare(now)
    return Worker().run(until_empty=True)


def deliver_one(delivery: UUID, now: datetime) -> Result | None:
    """Send this one at once, by the way of all others; None where it is not due."""
    leased = lease_one(delivery, now, LEASE)
    if leased is None:
        return None
    calls, results = calls_for([leased])
    results += [call.make() for call in calls]
    settle(results, timezone.now())
    return results[0]
