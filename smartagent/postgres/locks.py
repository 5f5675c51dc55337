"""Locks between processes. The kernel lets go of them when their last holder is gone, however it went."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED, EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX


def opened(path: Path) -> int:
    """Open a lock file, made where missing. It belongs to whom its folder belongs, even if root made it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle


def held(path: Path, mode: int) -> int:
    """Wait for the lock and return its handle. Children made by fork hold it too, until they end."""
    handle = opened(path)
    fcntl.flock(handle, mode)
    return handle


def tried(path: Path, mode: int) -> int | None:
    """Return the handle of the lock, or None where somebody else is in the way."""
    handle = opened(path)
    try:
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def free(path: Path, mode: int) -> bool:
    """Tell whether the lock could be had at this moment."""
    handle = tried(path, mode)
    if handle is None:
        return False
    os.close(handle)
    return True


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock for a while."""
    handle = held(path, EXCLUSIVE)
    try:
        yield
    finally:
        # Not only close(): a child forked meanwhile by another thread has the handle as well.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)
