"""Months in UTC: they begin at midnight of the first."""

from collections.abc import Iterator
from datetime import UTC, datetime


def month_of(time: datetime) -> datetime:
    """The beginning of the month of `time`."""
    return time.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(start: datetime) -> datetime:
    """The beginning of the month after the one that begins at `start`."""
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def months_between(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield beginning and end of each month from `start`, which begins one, until one ends after `end`."""
    while start <= end:
        yield start, month_after(start)
        start = month_after(start)


def month_name(start: datetime) -> str:
    """The month as part of a table's name: `2026_03`."""
    return f"{start:%Y_%m}"
