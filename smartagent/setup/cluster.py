"""The cluster of workers, which ends as a whole where one of its processes was killed.

A process that is killed while it takes a task from the queue keeps the queue locked, and its siblings and its successor
would wait for a task for ever. Whoever runs the cluster (`up`, or its service) starts it again, with new queues.
"""

import sys
from typing import Any

import structlog
from django_q import cluster

from smartagent.setup.process_deaths import keep_death

log = structlog.get_logger(__name__)


class Sentinel(cluster.Sentinel):  # type: ignore[misc]
    """The process that looks after the others, and ends with them."""

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


class Cluster(cluster.Cluster):  # type: ignore[misc]
    """django-q2's, with that sentinel."""

    def start(self) -> int:
        cluster.Sentinel = Sentinel  # the one that it starts
        return int(super().start())
