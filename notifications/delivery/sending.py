"""Sending: calls are attempted in an event loop in a thread of its own, hundreds at a time, each in its turn."""

import asyncio
import queue
import resource
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import uvloop
from django.conf import settings

from notifications.delivery.attempt import Call
from notifications.delivery.fair_queue import FairQueue, Line
from notifications.delivery.outcome import Result
from notifications.delivery.queue import Lease
from smartagent.outbound.async_client import connections

MAX_PER_CHANNEL = 32  # attempts at a time
THREADS = 32  # for channels that send without the event loop


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call, and the time of `monotonic` from which on it is too late for it."""

    call: Call
    until: float


class Sender:
    """Attempts calls, and puts into `come` the result of each; or its lease, where it was not begun: it would be too
    late, `late_after` seconds after it was taken, or the worker is to stop. It is one of `share` senders, which have an
    equal part of each bound."""

    def __init__(self, late_after: float, share: int = 1) -> None:
        self.late_after = late_after
        self.share = share
        self.come: queue.SimpleQueue[Result | Lease] = queue.SimpleQueue()
        self._queue: FairQueue[Waiting] = FairQueue(self._share_of(settings.DELIVERY_CONCURRENCY))
        self._per_channel = self._share_of(MAX_PER_CHANNEL)
        self._tasks: set[asyncio.Task[Result]] = set()
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
        self._loop.call_soon_threadsafe(self._add, calls, time.monotonic() + self.late_after)

    def give_back(self) -> None:
        """Give back all that has not begun."""
        self._loop.call_soon_threadsafe(self._give_back)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
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

    def _add(self, calls: Sequence[Call], until: float) -> None:
        for call in calls:
            to, waiting = call.to, Waiting(call, until)
            self._queue.add(waiting, to.channel, self._per_channel, to.host, self._share_of(to.max_per_host))
        self._begin()

    def _begin(self) -> None:
        now = time.monotonic()
        while found := self._queue.next():
            waiting, line = found
            if now > waiting.until:
                self._queue.ended(line)
                self.come.put(waiting.call.lease)
                continue
            task = self._loop.create_task(waiting.call.attempt())
            self._tasks.add(task)
            task.add_done_callback(partial(self._end, line))

    def _end(self, line: Line[Waiting], task: asyncio.Task[Result]) -> None:
        self._tasks.discard(task)
        self._queue.ended(line)
        self.come.put(task.result())
        self._begin()

    def _share_of(self, bound: int) -> int:
        return max(bound // self.share, 1)

    def _give_back(self) -> None:
        for waiting in self._queue.clear():
            self.come.put(waiting.call.lease)


def _allow_open_files() -> None:
    """Raise the soft limit of open files, often 1024, to the hard one: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
