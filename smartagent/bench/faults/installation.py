"""An installation: `manage.py up` with its processes, found by what they are."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import httpx
import psutil

from smartagent.bench.faults.clock import Clock
from smartagent.bench.faults.names import Names
from smartagent.bench.migration_process import PROJECT
from smartagent.kernel.parent_process import die_with_parent

START_SECONDS = 180
STOP_SECONDS = 60
KEPT_LINES = 400
SMALL_PIPE = 4096  # bytes
FILLER = b"(the bench fills the pipe)\n"


class NotStarted(Exception):
    """The installation did not start."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("The installation did not start: " + " | ".join(lines[-5:]))


class Installation:
    """`manage.py up` on a port, whose output is read but for the time in which it is not."""

    def __init__(self, port: int, names: Names, folder: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port)]
        self.command = names.wrapped(command)
        self.clock = Clock(folder)
        self.environment = {"LOG_LEVEL": "INFO", **self.clock.environment()}
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.reading = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self.reading.set()
        self.process = subprocess.Popen(  # noqa: S603 our own command
            self.command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 it takes no lock
            env=os.environ | self.environment,
        )  # fmt: skip
        assert self.process.stdout is not None  # noqa: S101 it was asked for
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()
        until = time.monotonic() + START_SECONDS
        while not (self.serves() and self.pids("deliver") and self.pids("worker")):
            if time.monotonic() > until or self.process.poll() is not None:
                raise NotStarted(list(self.lines))
            time.sleep(0.2)

    def stop(self) -> float:
        """End it by SIGTERM, after STOP_SECONDS by SIGKILL; return the seconds that it took."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began, family = time.monotonic(), psutil.Process(self.process.pid).children(recursive=True)
        self.reading.set()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        psutil.wait_procs(family, timeout=STOP_SECONDS)
        return time.monotonic() - began

    def fill_output(self) -> None:
        """Write into the pipe of its output until there is no room."""
        assert self.process is not None  # noqa: S101 it was started
        pipe = os.open(f"/proc/{self.process.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(pipe, FILLER)
        except BlockingIOError:
            pass
        finally:
            os.close(pipe)

    def serves(self) -> bool:
        """Whether the web server says that it is ready, the database included."""
        try:
            return httpx.get(f"{self.address}/login/", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def pids(self, role: str) -> list[int]:
        """The processes of a role: up, web, cluster, scheduler, worker, deliver, evaluator."""
        return [process.pid for process in self.processes().get(role, [])]

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The living processes by role; those of a cluster are told apart by their depth."""
        if self.process is None or self.process.poll() is not None:
            return {}
        top = psutil.Process(self.process.pid)
        found: dict[str, list[psutil.Process]] = {"up": [top]}
        for child in _children(top):
            line = " ".join(_command(child))
            if "granian" in line:
                found["web"] = [child, *_children(child)]
            elif "qcluster" in line:
                found["cluster"] = [child]
                found["scheduler"] = _children(child)
                found["worker"] = [each for one in found["scheduler"] for each in _children(one)]
            elif "deliver" in line:
                found["deliver"] = [child, *_children(child)]
            elif "evaluate" in line:
                found["evaluator"] = [child]
        return found

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None  # noqa: S101 it was asked for
        for line in process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())
            self.reading.wait()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [each for each in process.children() if each.status() != psutil.STATUS_ZOMBIE]
    except psutil.Error:
        return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
