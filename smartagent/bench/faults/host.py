"""Makes what an installation stands on, a disk and a PostgreSQL, and runs the bench there as a process."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from smartagent.bench.faults.database import Database
from smartagent.bench.faults.disk import scratch_disk
from smartagent.bench.faults.options import BenchOptions
from smartagent.bench.migration_process import PROJECT

# Nothing is bundled or tried out by itself, so that what must come can be counted; receivers are on this machine.
SETTINGS = {
    "OUTBOUND_ALLOWED": "127.0.0.0/8", "NOTIFICATIONS_PER_MINUTE": "0", "SELFTEST_EVERY_MINUTES": "0",
    "LOG_LEVEL": "WARNING", "HTTPS": "off", "ALLOWED_HOSTS": "127.0.0.1,localhost", "ADMIN_PASSWORD": "",
    "REPLICA_MAX_LAG_SECONDS": "10",
}  # fmt: skip


class NotRun(Exception):
    """The bench ended early."""


def run_on_scratch(options: BenchOptions) -> dict[str, Any]:
    """Run it with these options on a scratch installation; return what it found. NotRun."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))  # what was started is ended
    with scratch_disk() as disk:
        database = Database(disk.folder / "postgres")
        database.start()
        try:
            given = replace(options, folder=str(disk.folder), mounted=disk.mounted)
            return _run(given, {**SETTINGS, **_environment(disk.folder, database.url, options.every)})
        finally:
            disk.free()
            database.stop()


def _environment(folder: Path, url: str, every: int) -> dict[str, str]:
    return {"VAR_DIR": str(folder / "var"), "DATABASE_URL": url, "EVALUATE_EVERY_SECONDS": str(every)}


def _run(options: BenchOptions, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "smartagent.bench.faults.process", json.dumps(asdict(options))]
    bench = subprocess.Popen(  # noqa: S603 our own module
        command, cwd=PROJECT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        written = bench.communicate()[0]
    except BaseException:
        bench.terminate()
        bench.wait()
        raise
    if bench.returncode:
        raise NotRun(f"The bench ended early with exit code {bench.returncode}.")
    found: dict[str, Any] = json.loads(written)
    return found
