"""Delivery workers as processes: `python -m smartagent.bench.delivery_workers DATABASE LEASE_SECONDS`.

Each is `manage.py deliver` on another database of the server; a killed one is replaced.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection

from smartagent.bench.migration_process import PROJECT

# They may reach the receiver on loopback, and nothing is bundled.
WORKER_SETTINGS = {"OUTBOUND_ALLOWED": "127.0.0.0/8", "NOTIFICATIONS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}


class Workers:
    """A number of worker processes on one database, whose leases last `lease` seconds."""

    def __init__(self, count: int, database: str, lease: int) -> None:
        self.command = [sys.executable, "-m", "smartagent.bench.delivery_workers", database, str(lease)]
        self.running = [self._start() for _ in range(count)]
        self.killed = 0

    def kill_one(self) -> None:
        """Kill one by SIGKILL, and start another in its place."""
        self._kill(random.randrange(len(self.running)))  # noqa: S311 no secret

    def kill_all(self) -> None:
        """Kill and replace each of them."""
        for place in range(len(self.running)):
            self._kill(place)

    def _kill(self, place: int) -> None:
        self.running[place].kill()
        self.running[place].wait()
        self.killed += 1
        self.running[place] = self._start()

    def stop(self) -> None:
        """End each worker after its present delivery."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self.command, cwd=PROJECT, env=os.environ | WORKER_SETTINGS)  # noqa: S603 our own module


@contextmanager
def working(count: int, database: str, lease: int) -> Iterator[Workers]:
    """Run `count` workers for the length of the block."""
    workers = Workers(count, database, lease)
    try:
        yield workers
    finally:
        workers.stop()


def main(name: str, lease: str) -> None:
    """Deliver what is due in database `name`, until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    connection.settings_dict["NAME"] = name
    call_command("deliver", f"--lease={lease}")


if __name__ == "__main__":
    main(*sys.argv[1:])
