"""A worker: one thread leases and writes down, another one sends, hundreds at a time.

What is leased waits only shortly until it is sent: no more is leased for a channel or host than soon has its turn. What
comes too late all the same, or has not begun when the worker is to stop, is put back.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from notifications.delivery.outstanding import Outstanding
from notifications.delivery.pipeline import DELIVERY_LEASE, Lease, Result, prepare, record, render, take
from notifications.delivery.queue import put_back
from notifications.delivery.sending import Sender
from smartagent.kernel.stop import Stop

log = structlog.get_logger(__name__)
DELIVERIES_PER_BATCH = 512  # deliveries that are leased or written down at a time
IDLE_SECONDS = 1.0  # seconds between two looks where nothing was due
GATHERED = 0.1  # seconds: many results are written as fast as one
GLANCE = 0.005  # seconds between two looks at what has come, which disturb those who send
HOUSEKEEPING = 5.0  # seconds between two looks at what is held, expired or broken


def deliver(now: datetime) -> int:
    """Send everything that is due now; return how many attempts that were."""
    prepare(now)
    return Worker().run(until_empty=True)


class Worker:
    """Leases and sends deliveries until stopped."""

    def __init__(self, lease_for: timedelta = DELIVERY_LEASE, share: int = 1) -> None:
        self.lease_for = lease_for
        self.share = share  # as one of so many it sends
        self.out = Outstanding(max(settings.DELIVERY_CONCURRENCY // share, 1) + DELIVERIES_PER_BATCH, share)
        self.stopped = Stop()
        self.unwritten: list[Result | Lease] = []  # results of attempts that are not in the database yet
        # While these have enough nothing else was due; to look past all that waits for them is costly.
        self.fruitless_beside: set[UUID] = set()
        self.fruitless_until = 0.0
        self.prepared = float("-inf")

    def run(self, *, until_empty: bool = False) -> int:
        """Work; return how many attempts were made. With `until_empty` it ends when nothing is due any more."""
        done = 0
        with Sender(self.lease_for.total_seconds() / 2, self.share) as self.sender:
            while (made := self._step(until_empty)) is not None:
                done += made
        return done

    def _step(self, until_empty: bool) -> int | None:
        """Take what is due, write down what has come of it; return how many attempts that were, or None at the end."""
        more = False
        try:
            if self.stopped.is_set():
                self.sender.give_back()
            else:
                self._prepare(until_empty)
                more = self._lease()
            if self.out or self.unwritten:
                return self._write_down(0 if more else IDLE_SECONDS)
        except (OperationalError, InterfaceError) as error:
            if until_empty:
                raise
            log.error("the database failed", error=str(error).strip())
            connection.close()
        if until_empty or self.stopped.is_set():
            return None
        self.stopped.wait(IDLE_SECONDS)
        return 0

    def _prepare(self, until_empty: bool) -> None:
        if not until_empty and time.monotonic() - self.prepared > HOUSEKEEPING:
            prepare(timezone.now())
            self.prepared = time.monotonic()

    def _lease(self) -> bool:
        """Take a batch where there is room for one; return whether there may be room, and more, for another."""
        full = self.out.full()
        if not self._has_room() or (full and full >= self.fruitless_beside and time.monotonic() < self.fruitless_until):
            return False
        leases = take(timezone.now(), DELIVERIES_PER_BATCH, self.lease_for, self.out)
        calls, failed = render(leases)
        self.out.add(calls)
        self.unwritten += failed
        if calls:
            self.sender.begin(calls)
        self.fruitless_beside = full
        self.fruitless_until = 0 if leases else time.monotonic() + IDLE_SECONDS
        return len(leases) == DELIVERIES_PER_BATCH or bool(leases and self.out.full())

    def _has_room(self) -> bool:
        return self.out.left() >= DELIVERIES_PER_BATCH // 2

    def _write_down(self, wait: float) -> int:
        self._gather(wait)
        results = [come for come in self.unwritten if isinstance(come, Result)]
        record(results, timezone.now())
        self.unwritten = [come for come in self.unwritten if isinstance(come, Lease)]
        put_back([come for come in self.unwritten if isinstance(come, Lease)])
        self.unwritten = []
        return len(results)

    def _gather(self, wait: float) -> None:
        """Wait so many seconds for the first that comes, and a moment for more."""
        until = time.monotonic() + (0 if self.unwritten else wait)
        while True:
            empty = not self.unwritten
            while not self.sender.come.empty():
                come = self.sender.come.get()
                self.unwritten.append(come)
                self.out.remove(come.lease if isinstance(come, Result) else come)
            now = time.monotonic()
            if empty and self.unwritten:
                until = min(until, now + GATHERED)
            if not self.out or len(self.unwritten) >= DELIVERIES_PER_BATCH or now >= until:
                return
            time.sleep(GLANCE)
