"""Formats of counts and times in sentences."""

from datetime import UTC, datetime, tzinfo
from datetime import date as date_type
from typing import Any

from django.utils import timezone


def plural(count: Any, noun: str, many: str = "") -> str:
    """The noun for a count: `rule`, `rules`; `many` is an irregular plural: `people`."""
    return noun if count == 1 else many or f"{noun}s"


def counted(count: Any, noun: str, many: str = "") -> str:
    """A count with its noun: `1 rule`, `1,200 rules`, `2 people`."""
    return f"{count:,} {plural(count, noun, many)}"


def clock(moment: datetime, zone: tzinfo | None = None) -> str:
    """The time to the minute in `zone`, or the active time zone: `2 Mar 2026, 10:00`."""
    return _to_the_minute(timezone.localtime(moment, zone))


def clock_today(moment: datetime | None, now: datetime) -> str:
    """The time alone where it is today in the active time zone; else with the date."""
    here = timezone.localtime(moment)
    return f"{here:%H:%M}" if here.date() == timezone.localtime(now).date() else _to_the_minute(here)


def clock_utc(moment: datetime) -> str:
    """The time to the minute in UTC: `2 Mar 2026, 10:00 UTC`; for stored texts, read in any zone."""
    return f"{_to_the_minute(moment.astimezone(UTC))} UTC"


def day(date: date_type) -> str:
    """A day: `2 Mar 2026`."""
    return f"{date.day} {date:%b %Y}"


def _to_the_minute(local: datetime) -> str:
    return f"{day(local)}, {local:%H:%M}"
