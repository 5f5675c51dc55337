"""What tests write is not to last: it lies in memory, where the machine has room, and goes with them.

A file system on a disk takes ten times as long to make and drop a database, however fast the disk.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from smartagent.postgres import embedded
from smartagent.postgres.base import DatabaseWrapper

MEMORY = Path("/dev/shm")
PREFIX = "smartagent-tests-"
ROOM = 3 * 1024**3  # bytes


def use(secret_key: str) -> Path | None:
    """Make the folder of this run, for the database and for temporary files; None where there is no such memory."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM or not os.access(MEMORY, os.W_OK):
        return None
    _forget_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=MEMORY))
    folder.chmod(0o711)  # the user of the embedded PostgreSQL passes
    (folder / "secret_key").write_text(secret_key)
    os.environ["VAR_DIR"] = os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def forget(folder: Path) -> None:
    """Remove it, once the embedded PostgreSQL in it has stopped."""
    for pool in DatabaseWrapper._connection_pools.values():
        pool.close()
    embedded.leave(folder / "postgres")
    until = time.monotonic() + 60
    while embedded.status(folder / "postgres").running and time.monotonic() < until:
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _forget_killed_runs() -> None:
    for left in MEMORY.glob(f"{PREFIX}*"):
        process = left.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)
