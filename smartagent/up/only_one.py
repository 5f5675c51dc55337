"""One `up` for one folder of data."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartagent.up import CannotStart


@contextmanager
def only_one(var: Path, address: str) -> Iterator[None]:
    """Hold the lock of `var`, which ends with this process however it ends; CannotStart where another one holds it."""
    with (var / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise CannotStart(f"Smart Agent is running already with the data in {var}: {who}.") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, {address}")
        file.flush()
        yield
        file.truncate(0)
