"""Quiet hours: pure. By weekday, in the person's time zone, also across midnight and changes of the clocks.

A period belongs to the day on which it begins: Friday 22:00 to 07:00 ends on Saturday morning. The same start and end
mean the whole day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules.silences.windows import Window, moment_of, window_of

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LOOKED_AHEAD = 15  # days; quiet for longer is not believed


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A weekly period: weekdays (0 is Monday), start and end in wall-clock time."""

    days: frozenset[int]
    begins: time
    ends: time

    @property
    def duration(self) -> timedelta:
        """The length in wall-clock time; a whole day where start and end are equal."""
        begin, end = datetime.combine(date.min, self.begins), datetime.combine(date.min, self.ends)
        return end - begin if end > begin else end - begin + timedelta(days=1)

    def on(self, day: date, zone: ZoneInfo) -> Window | None:
        """The start and end of the period that begins on `day`, with changes of the clocks handled as for silences."""
        if day.weekday() not in self.days:
            return None
        return window_of(datetime.combine(day, self.begins), self.duration, zone)


def quiet_until(hours: Iterable[QuietHours], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The end of the quiet hours that are on at `now`, or None. Adjacent periods are one."""
    until, found = now, [*hours]
    while (later := _end(found, zone, until)) and later - now < timedelta(days=LOOKED_AHEAD):
        until = later
    return until if until > now else None


def read(rows: Any) -> list[QuietHours]:
    """Parse stored periods, `[{"days": [0, 1], "from": "22:00", "until": "07:00"}]`; invalid ones are left out."""
    return (
        [quiet for row in rows if isinstance(row, Mapping) and (quiet := _one(row))] if isinstance(rows, list) else []
    )


def next_time(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The next time after `now` at which the wall clock shows `at`."""
    day = now.astimezone(zone).date()
    candidates = (moment_of(datetime.combine(day + timedelta(days=n), at), zone) for n in range(3))
    return next(candidate for candidate in candidates if candidate > now)


def next_hour(now: datetime) -> datetime:
    """The next full hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _end(hours: list[QuietHours], zone: ZoneInfo, now: datetime) -> datetime | None:
    today = now.astimezone(zone).date()
    periods = [quiet.on(today - timedelta(days=back), zone) for quiet in hours for back in (0, 1, 2)]
    return max((period.end for period in periods if period and period.holds(now)), default=None)


def _one(row: Mapping[str, Any]) -> QuietHours | None:
    try:
        begins, ends = time.fromisoformat(str(row["from"])), time.fromisoformat(str(row["until"]))
        return QuietHours(frozenset(int(day) for day in row["days"]), begins, ends)
    except (KeyError, TypeError, ValueError):
        return None
