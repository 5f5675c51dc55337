"""The cluster of workers, which ends as a whole: when it is told to, and where one of its processes was killed.

Whoever ends it may send SIGTERM to one of its processes, or to all at once as systemd does. Only the first one obeys,
and the others pass the signal on to it: the sentinel then lets the workers end what they have begun, for DRAIN_SECONDS
at most. What they have not done stays in the queue.

A process that is killed while it takes a task from the queue keeps the queue locked, and its siblings and its successor
would wait for a task for ever. Whoever runs the cluster (`up`, or its service) starts it again, with new queues.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

import structlog
from django_q import cluster

from smartagent.kernel.stop import Stop
from smartagent.setup.process_deaths import keep_death
from smartagent.setup.worker_starts import keep_start, keep_stop

log = structlog.get_logger(__name__)
DRAIN_SECONDS = 7.0  # that tasks have to end, so that all is over within ten
ENTRY_SECONDS = 1.5  # that the database has to take the entry of the stop


class Sentinel(cluster.Sentinel):  # type: ignore[misc]
    """The process that looks after the others, and ends with them."""

    def start(self) -> None:
        """Look after them until told to stop."""
        self.stop_event.only_wait()
        signal.signal(signal.SIGTERM, self._pass_on)  # the processes that it starts inherit this
        threading.Thread(target=self._end_in_time, daemon=True).start()
        super().start()

    def guard(self) -> None:
        """Leave nobody behind, however it ends."""
        try:
            super().guard()
        finally:
            self._kill_others()

    def spawn_process(self, target: Any, *args: Any) -> Any:
        """Start a process; to terminate one that hangs is to kill it, as it would pass the signal on."""
        process = super().spawn_process(target, *args)
        process.terminate = process.kill
        return process

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended by itself; end where it was killed."""
        if (process.exitcode or 0) >= 0:
            super().reincarnate(process)
            return
        name = self._name(process)
        log.error("a process of the cluster was killed; the cluster ends", process=name, exit_code=process.exitcode)
        keep_death(name, process.exitcode, tries=1)
        sys.exit(1)

    def _name(self, process: Any) -> str:
        return {self.monitor: "result monitor", self.pusher: "task pusher"}.get(process, "worker")

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        """Tell the process above, up to the first; an orphan ends."""
        if (above := os.getppid()) not in (self.pid, self.parent_pid):
            os._exit(1)
        os.kill(above, signal.SIGTERM)

    def _end_in_time(self) -> None:
        """Also where a task, the broker or the database does not let this process end."""
        self.stop_event.wait()
        time.sleep(DRAIN_SECONDS)
        log.warning("tasks were ended before they were done", seconds=DRAIN_SECONDS)
        self._kill_others()
        os._exit(0)

    def _kill_others(self) -> None:
        for process in (*self.pool, self.monitor, self.pusher):
            if process is not None:
                process.kill()


class Cluster(cluster.Cluster):  # type: ignore[misc]
    """The first process: it starts the sentinel, and stops it when it is told to."""

    def start(self) -> int:
        """Start the others; the first process waits for them at its end."""
        self.stop_event, self.start_event = Stop(), cluster.Event()
        self.sentinel = cluster.get_mp_context().Process(
            target=Sentinel, args=(self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout)
        )
        self.sentinel.start()
        threading.Thread(target=keep_start, daemon=True).start()
        return int(self.pid)

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Tell the sentinel, however often we are told."""
        if self.stop_event is not None:
            self.stop_event.set()

    def wait(self) -> int:
        """Wait for the end of the cluster; return its exit code."""
        self.sentinel.join()
        if self.stop_event.is_set():
            entry = threading.Thread(target=keep_stop, daemon=True)
            entry.start()
            entry.join(ENTRY_SECONDS)
        return int(self.sentinel.exitcode or 0)
