"""Several delivering processes: the interpreter of one keeps no more than a core busy.

They are forked, so that they share the memory of what is loaded. Each has its share of the bounds of all. One that is
killed is started again; on SIGTERM, or where one fails by itself, all end what they have begun.
"""

import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

import structlog
from django.db import connections

from notifications.delivery.worker import Worker
from smartagent.kernel.garbage import collect_rarely
from smartagent.kernel.parent_process import die_with_parent

log = structlog.get_logger(__name__)
STOPPING = (signal.SIGINT, signal.SIGTERM)
RESTART_PAUSE = 1.0  # seconds
PROCESS_ENDED = "a delivery process ended"


class Processes:
    """So many processes, each with a worker that `make` gives it."""

    def __init__(self, count: int, make: Callable[[], Worker]) -> None:
        self.count, self.make = count, make
        self.running: list[ForkProcess] = []
        self.stopped = False
        self.exit_code = 0

    def run(self) -> int:
        """Keep them running until SIGINT or SIGTERM, or until one fails by itself; return the exit code."""
        connections.close_all()
        collect_rarely()
        for number in STOPPING:
            signal.signal(number, self._stop)
        while not self.stopped or self.running:
            self._start()
            wait([process.sentinel for process in self.running])
            self._look_after()
        return self.exit_code

    def _look_after(self) -> None:
        ended = [process for process in self.running if process.exitcode is not None]
        self.running = [process for process in self.running if process not in ended]
        for process in ended:
            self.exit_code = max(self.exit_code, process.exitcode or 0)
            if not self.stopped:
                log.error(PROCESS_ENDED, process=process.pid, exit_code=process.exitcode)
        if self.exit_code:
            self._stop()
        if not self.stopped:
            wait([process.sentinel for process in self.running], RESTART_PAUSE)

    def _start(self) -> None:
        """Start those that are missing. A signal waits until each has handlers of its own."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            while len(self.running) < self.count and not self.stopped:
                process = get_context("fork").Process(target=self._deliver)
                process.start()
                self.running.append(process)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def _deliver(self) -> None:
        die_with_parent()
        worker = self.make()
        for number in STOPPING:
            signal.signal(number, lambda number, frame: worker.stopped.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        worker.run()

    def _stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        self.stopped = True
        for process in self.running:
            process.terminate()
