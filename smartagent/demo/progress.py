"""How far the demo data are, for the pages that are open meanwhile: a file, since another process makes them."""

import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

ABANDONED_SECONDS = 60.0  # seconds without progress after which whoever made them must have ended


def note(played: int, total: int) -> None:
    """Note that `played` of `total` evaluations are replayed."""
    _file().write_text(f"{100 * played // max(total, 1)}")


def end() -> None:
    """Note that they are complete, or will never be."""
    _file().unlink(missing_ok=True)


def percent() -> int | None:
    """The percentage that is there; None where nobody makes demo data."""
    with suppress(OSError, ValueError):
        if time.time() - _file().stat().st_mtime < ABANDONED_SECONDS:
            return min(max(int(_file().read_text()), 0), 100)
    return None


def _file() -> Path:
    return Path(settings.VAR) / "demo_progress"
