"""A server of another project as a process of its own: on loopback, in a folder of its own, killed at the end."""

import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

MAX_SECONDS = 20.0


@contextmanager
def server(
    program: str, arguments: Callable[[int], Sequence[str]], folder: Path, *, ready: str = "/-/ready"
) -> Iterator[str]:
    """Start `program` with the arguments for a free port; give its address once `ready` answers, skip without it."""
    if not (found := shutil.which(program)):
        pytest.skip(f"{program} is not installed; .ci/servers installs Debian's package of that name")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [found, *arguments(port)], cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(address + ready), lambda: process.poll() is None, folder / "log")
            yield address
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for(done: Callable[[], bool], lives: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + MAX_SECONDS
    while not done():
        assert lives(), f"It ended: {log.read_text()[-2000:]}"
        assert time.monotonic() < until, f"Not ready: {log.read_text()[-2000:]}"
        time.sleep(0.05)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
