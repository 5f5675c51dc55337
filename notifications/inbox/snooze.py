"""The choices of a snooze and their ends: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.instances.handling import until_of

SNOOZE_LABELS = {"1h": "For 1 hour", "4h": "For 4 hours", "morning": "Until the next working morning"}


@dataclass(frozen=True, slots=True)
class Snooze:
    """One choice of a snooze, with its end in words."""

    length: str
    text: str
    ends: str


def snoozes(now: datetime, zone: ZoneInfo) -> Sequence[Snooze]:
    """The ways to snooze, by the clock of `zone`."""
    return [
        Snooze(length, text, clock(until_of(length, now, zone), now, zone)) for length, text in SNOOZE_LABELS.items()
    ]


def clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time to come, as one says it: `04:12`, `tomorrow 09:00`, `Monday 09:00`, `12 March, 09:00`."""
    here = at.astimezone(zone)
    days = (here.date() - now.astimezone(zone).date()).days
    if days == 0:
        return f"{here:%H:%M}"
    if days == 1:
        return f"tomorrow {here:%H:%M}"
    return f"{here:%A %H:%M}" if days < 7 else f"{here.day} {here:%B, %H:%M}"
