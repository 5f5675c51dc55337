"""`manage.py deliver` on another database of the server, whose processes are killed:
`python -m smartagent.bench.delivery_workers DATABASE LEASE_SECONDS PROCESSES`.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import django
import psutil
from django.core.management import call_command
from django.db import connection

from smartagent.bench.migration_process import PROJECT

# They may reach the receiver on loopback, and nothing is bundled.
WORKER_SETTINGS = {"OUTBOUND_ALLOWED": "127.0.0.0/8", "NOTIFICATIONS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}


class Workers:
    """A number of delivering processes on one database, whose leases last `lease` seconds."""

    def __init__(self, count: int, database: str, lease: int) -> None:
        command = [sys.executable, "-m", "smartagent.bench.delivery_workers", database, str(lease), str(count)]
        self.count = count
        self.killed = 0
        self.deliver = subprocess.Popen(command, cwd=PROJECT, env=os.environ | WORKER_SETTINGS)  # noqa: S603 our own module

    def running(self) -> list[psutil.Process]:
        """The processes, once all of them run."""
        while len(found := psutil.Process(self.deliver.pid).children()) < self.count:
            if self.deliver.poll() is not None:
                raise ChildProcessError(f"deliver ended with exit code {self.deliver.returncode}")
            time.sleep(0.02)
        return found

    def kill_one(self) -> None:
        """Kill one by SIGKILL; another one starts in its place."""
        self._kill(random.choice(self.running()))  # noqa: S311 no secret

    def kill_all(self) -> None:
        """Kill each of them."""
        for process in self.running():
            self._kill(process)

    def _kill(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait()
        self.killed += 1

    def stop(self) -> None:
        """End them after their present deliveries."""
        self.deliver.terminate()
        self.deliver.wait()


@contextmanager
def working(count: int, database: str, lease: int) -> Iterator[Workers]:
    """Run `count` workers for the length of the block."""
    workers = Workers(count, database, lease)
    try:
        yield workers
    finally:
        workers.stop()


def main(name: str, lease: str, processes: str) -> None:
    """Deliver what is due in database `name`, until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    connection.settings_dict["NAME"] = name
    call_command("deliver", f"--lease={lease}", f"--processes={processes}")


if __name__ == "__main__":
    main(*sys.argv[1:])
