"""Sending: calls are attempted in an event loop in a thread of its own, hundreds at a time.

What is begun is bounded three times. In all, so that memory and open files are. For a host, so that one that hangs does
not hold all others up. For a channel, so that only a few attempts are lost until its circuit breaker opens.
"""

import asyncio
import queue
import resource
import threading
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from django.conf import settings

from notifications.delivery.attempt import Call
from notifications.delivery.outcome import Result
from notifications.delivery.queue import Lease
from smartagent.outbound.async_client import connections

Attempt = asyncio.Task[Result | Lease]
MAX_PER_CHANNEL = 16  # attempts at a time
THREADS = 32  # for channels that send without the event loop


class Sender:
    """Attempts calls, and puts into `come` the result of each; or its lease, where it was not begun: it would be too
    late, `late_after` seconds after it was taken, or the worker is to stop."""

    def __init__(self, late_after: float) -> None:
        self.late_after = late_after
        self.come: queue.SimpleQueue[Result | Lease] = queue.SimpleQueue()
        self._slots: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()
        self._all = asyncio.Semaphore(settings.DELIVERY_CONCURRENCY)
        self._tasks: set[Attempt] = set()
        self._waiting: set[Attempt] = set()
        self._ended = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliver")

    def __enter__(self) -> Self:
        _allow_open_files()
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what has begun; the rest is given back."""
        self.give_back()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def begin(self, calls: Sequence[Call]) -> None:
        """Attempt these as soon as there is room."""
        self._loop.call_soon_threadsafe(self._begin, calls, time.monotonic())

    def give_back(self) -> None:
        """Give back all that has not begun."""
        self._loop.call_soon_threadsafe(self._cancel_waiting)

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._main())
        finally:
            self._started.set()  # also where it failed at once, so that nobody waits for it

    async def _main(self) -> None:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="deliver") as threads:
            self._loop.set_default_executor(threads)
            async with connections():
                self._started.set()
                await self._ended.wait()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, calls: Sequence[Call], taken: float) -> None:
        for call in calls:
            task = self._loop.create_task(self._attempt(call, taken))
            self._tasks.add(task)
            self._waiting.add(task)
            task.add_done_callback(partial(self._hand_over, call.lease))

    def _hand_over(self, lease: Lease, task: Attempt) -> None:
        self._tasks.discard(task)
        self._waiting.discard(task)
        self.come.put(lease if task.cancelled() else task.result())

    def _cancel_waiting(self) -> None:
        for task in self._waiting:
            task.cancel()

    async def _attempt(self, call: Call, taken: float) -> Result | Lease:
        channel, host = self._slot(call.to.channel, MAX_PER_CHANNEL), self._slot(call.to.host, call.to.max_per_host)
        async with channel, host, self._all:
            self._waiting.discard(asyncio.current_task())
            late = time.monotonic() - taken > self.late_after
            return call.lease if late else await call.attempt()

    def _slot(self, key: Hashable, count: int) -> asyncio.Semaphore:
        """The semaphore of a host or channel, which is forgotten when nobody uses it."""
        return self._slots.setdefault(key, asyncio.Semaphore(count))


def _allow_open_files() -> None:
    """Raise the soft limit of open files, often 1024, to the hard one: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
