"""The process that stops the embedded server when nobody uses it any more.

Every user holds the users' lock, shared, for as long as it lives; the kernel lets go of it even on
`kill -9`. The watchdog waits until it gets that lock for itself, stops the server, and ends. Who comes
meanwhile waits for the lock and then starts the server anew.

Run as `python -m smartagent.postgres.watchdog FOLDER HANDLE`: the inherited handle of its own lock.
"""

import os
import signal
import sys
import time
from pathlib import Path

from smartagent.postgres import locks
from smartagent.postgres.postmaster import Postmaster


def main(folder: Path, handle: int) -> None:
    """Wait for the last user, then stop the server."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    alone = locks.held(folder / "users.lock", locks.EXCLUSIVE)
    stop(folder / "data")
    # In this order: who then gets the users' lock must find that there is no watchdog.
    os.close(handle)
    os.close(alone)


def stop(data: Path) -> None:
    """Stop the server: a fast shutdown, which writes a checkpoint; after a minute an immediate one."""
    for number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10)):
        server = Postmaster.of(data)
        if server is None or not server.alive():
            return
        os.kill(server.pid, number)
        until = time.monotonic() + patience
        while server.alive() and time.monotonic() < until:
            time.sleep(0.01)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
