"""A worker: one thread leases and writes down, another one sends, hundreds at a time.

What is leased waits only shortly until it is sent: never more is taken than is sent well within the lease, which is
seen by the age of what comes back. What comes too late all the same, or has not begun when the worker is to stop, is
put back.
"""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from notifications.delivery.pipeline import DELIVERY_LEASE, Lease, Result, prepare, record, render, take
from notifications.delivery.queue import put_back
from notifications.delivery.sending import Sender

log = structlog.get_logger(__name__)
DELIVERIES_PER_BATCH = 256  # deliveries that are leased or written down at a time
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
        self.window = DELIVERIES_PER_BATCH  # so many are leased at a time
        # Some are ready when others have ended.
        self.max_window = settings.DELIVERY_CONCURRENCY // share + DELIVERIES_PER_BATCH
        self.stopped = threading.Event()
        self.unwritten: list[Result | Lease] = []  # results of attempts that are not in the database yet
        self.out = 0  # how many are leased, and nothing has come of them yet
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
        if not self._has_room():
            return False
        leases = take(timezone.now(), DELIVERIES_PER_BATCH, self.lease_for)
        calls, failed = render(leases)
        self.out += len(calls)
        self.unwritten += failed
        if calls:
            self.sender.begin(calls)
        return len(leases) == DELIVERIES_PER_BATCH and self._has_room()

    def _has_room(self) -> bool:
        return self.window - self.out >= DELIVERIES_PER_BATCH // 2

    def _adapt(self, results: Sequence[Result], now: datetime) -> None:
        """Lease more at a time while results are there soon after they were leased, less when that takes long."""
        age = max((now - result.lease.taken_at for result in results), default=timedelta())
        if results and age < self.lease_for / 8:
            self.window = min(self.window * 2, self.max_window)
        elif age > self.lease_for / 4:
            self.window = max(self.window // 2, DELIVERIES_PER_BATCH)

    def _write_down(self, wait: float) -> int:
        self._gather(wait)
        results = [come for come in self.unwritten if isinstance(come, Result)]
        now = timezone.now()
        record(results, now)
        self._adapt(results, now)
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
                self.unwritten.append(self.sender.come.get())
                self.out -= 1
            now = time.monotonic()
            if empty and self.unwritten:
                until = min(until, now + GATHERED)
            if not self.out or len(self.unwritten) >= DELIVERIES_PER_BATCH or now >= until:
                return
            time.sleep(GLANCE)
