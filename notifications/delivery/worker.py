"""A worker: one thread leases and writes down, many send.

What is leased waits only shortly for a hand: never more is taken than is sent well within the lease, and what comes too
late all the same, or is left when the worker is to stop, is put back.
"""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from notifications.delivery.pipeline import DELIVERY_LEASE, Call, Lease, Result, prepare, record, render, take
from notifications.delivery.queue import put_back

log = structlog.get_logger(__name__)
DELIVERIES_PER_BATCH = 128  # deliveries that are leased at a time
IDLE_SECONDS = 1.0  # seconds between two looks where nothing was due
GATHERED = 0.1  # seconds: many results are written as fast as one
HOUSEKEEPING = 5.0  # seconds between two looks at what is held, expired or broken


def deliver(now: datetime) -> int:
    """Send everything that is due now; return how many attempts that were."""
    prepare(now)
    return Worker().run(until_empty=True)


class Worker:
    """Leases and sends deliveries until stopped."""

    def __init__(self, lease_for: timedelta = DELIVERY_LEASE) -> None:
        self.lease_for = lease_for
        self.hands = settings.DELIVERY_CONCURRENCY
        self.stopped = threading.Event()
        self.calls: queue.SimpleQueue[tuple[Call, float] | None] = queue.SimpleQueue()
        self.come: queue.SimpleQueue[Result | Lease] = queue.SimpleQueue()
        self.unwritten: list[Result | Lease] = []  # results of attempts that are not in the database yet
        self.out = 0  # how many are leased, and nothing has come of them yet
        self.prepared = float("-inf")

    def run(self, *, until_empty: bool = False) -> int:
        """Work; return how many attempts were made. With `until_empty` it ends when nothing is due any more."""
        done = 0
        with ThreadPoolExecutor(self.hands, thread_name_prefix="deliver") as pool:
            try:
                for _ in range(self.hands):
                    pool.submit(self._send)
                while (made := self._step(until_empty)) is not None:
                    done += made
            finally:
                self._take_back()
                for _ in range(self.hands):
                    self.calls.put(None)
        return done

    def _step(self, until_empty: bool) -> int | None:
        """Take what is due, write down what has come of it; return how many attempts that were, or None at the end."""
        try:
            if self.stopped.is_set():
                self._take_back()
            else:
                self._prepare(until_empty)
                self._lease()
            if self.out or self.unwritten:
                return self._write_down()
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

    def _lease(self) -> None:
        if self.out > DELIVERIES_PER_BATCH // 2:
            return
        taken = time.monotonic()
        calls, failed = render(take(timezone.now(), DELIVERIES_PER_BATCH, self.lease_for))
        self.out += len(calls)
        self.unwritten += failed
        for call in calls:
            self.calls.put((call, taken))

    def _send(self) -> None:
        """What each hand does: send one after the other."""
        while found := self.calls.get():
            call, taken = found
            late = time.monotonic() - taken > self.lease_for.total_seconds() / 2
            self.come.put(call.lease if late else call.make())

    def _take_back(self) -> None:
        """Take from the hands what none has begun."""
        try:
            while found := self.calls.get_nowait():
                self.come.put(found[0].lease)
        except queue.Empty:
            pass

    def _write_down(self) -> int:
        self._gather()
        results = [come for come in self.unwritten if isinstance(come, Result)]
        record(results, timezone.now())
        self.unwritten = [come for come in self.unwritten if isinstance(come, Lease)]
        put_back([come for come in self.unwritten if isinstance(come, Lease)])
        self.unwritten = []
        return len(results)

    def _gather(self) -> None:
        """Wait for the first that comes, and a moment for more."""
        until = time.monotonic() + (0 if self.unwritten else IDLE_SECONDS)
        while self.out and len(self.unwritten) < DELIVERIES_PER_BATCH:
            try:
                come = self.come.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                return
            if not self.unwritten:
                until = time.monotonic() + GATHERED
            self.unwritten.append(come)
            self.out -= 1
