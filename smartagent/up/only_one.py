"""A lock: one `up` for one folder of data."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from smartagent.kernel.private_files import private_folder
from smartagent.up import CannotStart


@contextmanager
def only_one(var: Path, address: str) -> Iterator[None]:
    """Hold the lock of `var`, which ends with this process however it ends; CannotStart where another one holds it."""
    with _opened(var) as file:
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


def running_at(var: Path) -> str | None:
    """The address of the `up` that runs with this folder, such as `http://127.0.0.1:8041`; None where none does."""
    try:
        with (var / "up.lock").open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().rpartition(", ")[2].strip().rstrip("/") or None
    except OSError:
        return None  # nobody has ever started it here
    return None


def _opened(var: Path) -> TextIO:
    """The file of the lock; the folder is made where SECRET_KEY and DATABASE_URL left it out until now."""
    try:
        private_folder(var)
        return os.fdopen(os.open(var / "up.lock", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+")
    except OSError as error:
        raise CannotStart(
            f"VAR_DIR is {var}, which cannot be written to: {error.strerror}. "
            "Set VAR_DIR to a folder that this account may write to."
        ) from None
