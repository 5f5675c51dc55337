"""Progress of the demo's creation, for pages that are open meanwhile: a file, since another process creates it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from django.conf import settings

HEARTBEAT_SECONDS = 5.0
ABANDONED_SECONDS = 60.0  # seconds without a heartbeat after which the creating process must have been killed


@contextmanager
def noted() -> Iterator[Callable[[int, int], None]]:
    """Show the progress in the block, however long its steps take; yield `note`."""
    ended = Event()
    heart = Thread(target=_beat, args=[ended], daemon=True)
    note(0, 1)
    heart.start()
    try:
        yield note
    finally:
        ended.set()
        heart.join()
        end()


def note(played: int, total: int) -> None:
    """Note that `played` of `total` evaluations are replayed."""
    _file().write_text(f"{100 * played // max(total, 1)}")


def end() -> None:
    """Note that nobody creates the demo any more."""
    _file().unlink(missing_ok=True)


def percent() -> int | None:
    """Return the percentage of finished evaluations; None while nobody creates the demo."""
    with suppress(OSError, ValueError):
        if time.time() - _file().stat().st_mtime < ABANDONED_SECONDS:
            return min(max(int(_file().read_text()), 0), 100)
    return None


def _beat(ended: Event) -> None:
    while not ended.wait(HEARTBEAT_SECONDS):
        with suppress(OSError):
            os.utime(_file())


def _file() -> Path:
    return Path(settings.VAR) / "demo_progress"
