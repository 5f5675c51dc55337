"""Formats of counts and times in sentences."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from django.utils import timezone

MINUTE_FORMAT = "%Y-%m-%d %H:%M"


def plural(count: Any, noun: str, many: str = "") -> str:
    """The noun for so many: `rule`, `rules`; `many` where that is not an s more: `people`."""
    return noun if count == 1 else many or f"{noun}s"


def counted(count: Any, noun: str, many: str = "") -> str:
    """How many of what: `1 rule`, `1,200 rules`, `2 people`."""
    return f"{count:,} {plural(count, noun, many)}"


def clock(moment: datetime, zone: tzinfo | None = None) -> str:
    """The minute by the clock of `zone`, or of whoever looks: `2026-03-02 10:00`."""
    return f"{timezone.localtime(moment, zone):{MINUTE_FORMAT}}"


def clock_today(moment: datetime | None, now: datetime) -> str:
    """The hour alone where it is today, by the clock of whoever looks; else the day too."""
    here = timezone.localtime(moment)
    return f"{here:%H:%M}" if here.date() == timezone.localtime(now).date() else f"{here:{MINUTE_FORMAT}}"


def clock_utc(moment: datetime) -> str:
    """The minute in UTC, saying so: `2026-03-02 10:00 UTC`; for what is stored and read in any zone."""
    return f"{moment.astimezone(UTC):{MINUTE_FORMAT}} UTC"
