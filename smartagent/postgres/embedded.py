"""The embedded PostgreSQL: one server per folder, shared by every process that connects.

1. A process that connects first joins: it shares the users' lock of the folder until it ends, and so do the
   children that it forks.
2. If no watchdog is there, it starts one, which stops the server once nobody shares that lock any more.
3. If no server is there, it starts one. All under the starting lock: two at once start one server.
4. A server that was killed is noticed at the next connection and started again.
5. A process that ends normally as the last one waits until the server is down.

PostgreSQL lets in who has the password: a file that only its owner can read, beside the folder. Its socket stands in a
folder of the server's own account, and no network port is open. A password that is lost is replaced by a new one, since
whoever owns the data directory says how the server lets in.
"""

import atexit
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smartagent.kernel.private_files import private_folder
from smartagent.postgres import cluster, locks
from smartagent.postgres.account import INSTEAD
from smartagent.postgres.errors import EmbeddedFailed
from smartagent.postgres.home import Home, home
from smartagent.postgres.postmaster import Postmaster


@dataclass(frozen=True, kw_only=True)
class Status:
    """The status of an embedded server, without starting it."""

    folder: Path
    running: bool
    pid: int | None
    version: str | None
    log: Path


@dataclass(frozen=True, kw_only=True)
class Membership:
    """This process's share in a server."""

    home: Home
    lock: int


_joined: dict[Path, Membership] = {}


def address(folder: Path, options: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return libpq's parameters of the server in `folder`, which is running then."""
    membership = _joined.get(folder)
    server = membership and Postmaster.of(membership.home.data)
    if not server or not server.ready or not server.exists():
        server = _join(folder, options or {})
    return {**cluster.address(server), "password": _joined[folder].home.secret.read_text()}


def restart(folder: Path, options: Mapping[str, str] | None = None) -> None:
    """Look again, thoroughly, and start the server if it is gone: a connection to it has just failed."""
    _join(folder, options or {})


def status(folder: Path) -> Status:
    """Tell how the embedded server in `folder` is, touching nothing."""
    place = folder.resolve()
    server = Postmaster.of(place / "data")
    running = server is not None and server.running()
    version = place / "data" / "PG_VERSION"
    return Status(
        folder=place,
        running=running,
        pid=server.pid if server and running else None,
        version=version.read_text().strip() if version.exists() else None,
        log=place / "log",
    )


def leave(folder: Path) -> None:
    """Give up the server; wait for its end if no other process uses it."""
    membership = _joined.pop(folder, None)
    if membership is None:
        return
    os.close(membership.lock)
    until = time.monotonic() + 60
    while _stopping(membership.home) and time.monotonic() < until:
        time.sleep(0.01)


def _stopping(home: Home) -> bool:
    """Tell whether the watchdog is about to stop the server, or at it."""
    if not home.users.exists() or locks.free(home.watch, locks.EXCLUSIVE):
        return False
    # The watchdog takes the lock for itself; other users only share it.
    return locks.free(home.users, locks.EXCLUSIVE) or not locks.free(home.users, locks.SHARED)


def _join(folder: Path, options: Mapping[str, str]) -> Postmaster:
    try:
        private_folder(folder.parent)
        with locks.exclusive(folder.with_name(f".{folder.name}.lock")):
            place = home(folder)
            _take_share(folder, place)
            _post_watchdog(place)
            server = _found(place) or cluster.start(place, options)
            cluster.protect(place, server)
            return server
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename or folder}"
        raise EmbeddedFailed(
            f"The embedded PostgreSQL cannot use its folder {folder} ({reason}): make it writable, {INSTEAD}."
        ) from error


def _take_share(folder: Path, place: Home) -> None:
    """Share the users' lock anew: the folder of an earlier share may have been deleted since."""
    former = _joined.get(folder)
    _joined[folder] = Membership(home=place, lock=locks.held(place.users, locks.SHARED))
    if former:
        os.close(former.lock)


def _post_watchdog(place: Home) -> None:
    """Start a watchdog unless there is one, before the server, so that no server is ever without one."""
    handle = locks.tried(place.watch, locks.EXCLUSIVE)
    if handle is None:
        return
    paths = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *filter(None, sys.path)])
    try:
        subprocess.Popen(  # noqa: S603 our own module
            [sys.executable, "-m", "smartagent.postgres.watchdog", str(place.folder), str(handle)],
            pass_fds=[handle], start_new_session=True, cwd="/", env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode = 0  # it outlives us; without this, Popen warns that it does  # fmt: skip
    finally:
        os.close(handle)


def _found(place: Home) -> Postmaster | None:
    """Return the server that is running, once it is ready; None where there is none."""
    until = time.monotonic() + cluster.START_TIMEOUT
    while time.monotonic() < until:
        server = Postmaster.of(place.data)
        if server is None or not server.running():
            return None
        if server.ready and server.accepts():
            return server
        time.sleep(0.05)
    raise EmbeddedFailed(f"The embedded PostgreSQL in {place.folder} runs but does not accept connections.")


def _leave_all() -> None:
    for folder in list(_joined):
        leave(folder)


atexit.register(_leave_all)
