"""Processes of an installation, started as an operator starts them, on the database of the test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection

PROJECT = Path(__file__).resolve().parents[1]


class Role:
    """A running `manage.py …` with a process group of its own, and what it says."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments], cwd=PROJECT, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"DATABASE_URL": database_url(), "VAR_DIR": str(folder), "LOG_LEVEL": "INFO",
                                  "SECRET_KEY": settings.SECRET_KEY} | environment,
            )  # fmt: skip

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        """The process and all below it, from the top down."""
        assert self.process.poll() is None, self.output()
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def until(self, true: Callable[[], object], seconds: float = 60) -> None:
        until(lambda: true() or self.process.poll() is not None, seconds, self.output)
        assert true(), self.output()

    def ends_by(self, number: int, processes: list[psutil.Process], seconds: float = 10) -> int:
        """Send a signal to these processes at once; the whole family ends within the time, and none is left."""
        family, until_end = self.family(), time.monotonic() + seconds
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it has ended with another
                process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)
        _, alive = psutil.wait_procs(family, timeout=max(until_end - time.monotonic(), 0))
        left = [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
        assert not left, f"{left} run on\n{self.output()}"
        return self.process.wait(timeout=1)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def role(folder: Path, *arguments: str, **environment: str) -> Iterator[Role]:
    """Run it for this block."""
    one = Role(folder, *arguments, **environment)
    try:
        yield one
    finally:
        one.kill()


def database_url() -> str:
    """The database of the test, for another process."""
    known = connection.get_connection_params()
    host, password = quote(str(known["host"]), safe=""), quote(str(known.get("password") or "any"))
    return f"postgres://{known['user']}:{password}@{host}:{known['port']}/{known['dbname']}"


def until(true: Callable[[], object], seconds: float, output: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} seconds\n{output()}"
        time.sleep(0.1)
