"""The windows of a silence: pure, in the wall-clock time of its time zone.

A window of a recurring silence begins and ends by the wall clock: 22:00 to 06:00 every night, although the nights in
which the clocks change have seven or nine hours. Of a time that occurs twice, the first counts. A time that is skipped
counts as the moment of the change; a window that is skipped entirely keeps its length from there.

Windows begin within the silence, but may end after it; a silence that is ended early cuts its window. Windows that
touch or overlap are merged.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from rules.silences.recurrence import BadRecurrence, occurrences
from smartagent.kernel.bounded_cache import bounded_cache

SECOND = timedelta(seconds=1)
SERIES = 100_000  # windows cached in memory, of all silences together: about 25 MB


class HasWindows(Protocol):
    """The schedule of a silence: a row of the table, or an unsaved form."""

    starts_at: datetime
    ends_at: datetime
    recurrence: str
    duration: timedelta | None
    time_zone: str
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """From `start`, to just before `end`."""

    start: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        return self.start <= now < self.end


def windows(silence: HasWindows, start: datetime, end: datetime) -> list[Window]:
    """The windows that overlap the time from `start` to `end`, uncut; ValueError where the recurrence is invalid."""
    found = _all(silence)
    first = bisect_right(found, start, key=lambda window: window.end)
    last = bisect_right(found, end, key=lambda window: window.start)
    return [
        whole for window in found[first:last] if (whole := _cut(window, silence.cancelled_at)) and whole.end > start
    ]


def window_at(silence: HasWindows, now: datetime) -> Window | None:
    """The window that contains `now`, or None."""
    return next((window for window in windows(silence, now, now) if window.holds(now)), None)


def is_on(silence: HasWindows, now: datetime) -> bool:
    """Whether a window contains `now`."""
    return window_at(silence, now) is not None


def upcoming(silence: HasWindows, now: datetime, count: int) -> list[Window]:
    """The first `count` windows that are not over at `now`, including the present one."""
    found = _all(silence)
    first = bisect_right(found, now, key=lambda window: window.end)
    cut = (_cut(window, silence.cancelled_at) for window in found[first : first + count])
    return [window for window in cut if window and window.end > now]


def ended(silence: HasWindows, since: datetime, now: datetime) -> list[Window]:
    """The windows that ended after `since`, up to `now`."""
    return [window for window in windows(silence, since, now) if since < window.end <= now]


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which the wall clock of `zone` shows `wall` or a later time."""
    late = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while late - early > SECOND:  # the clocks change in between
        middle = early + (late - early) // 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


def window_of(begin: datetime, duration: timedelta, zone: ZoneInfo) -> Window:
    """The window from `begin` to `begin` plus `duration`, by the wall clock of `zone`."""
    start, end = moment_of(begin, zone), moment_of(begin + duration, zone)
    return Window(start, end if end > start else start + duration)


def _all(silence: HasWindows) -> tuple[Window, ...]:
    if not silence.recurrence:
        once = Window(silence.starts_at, silence.ends_at)
        return (once,) if once.end > once.start else ()
    if silence.duration is None or silence.duration <= timedelta(0):
        raise BadRecurrence("A recurring silence needs a window duration.")
    return _series(silence.recurrence, silence.starts_at, silence.ends_at, silence.duration, silence.time_zone)


def _size(found: tuple[Window, ...]) -> int:
    return len(found)


@bounded_cache(SERIES, _size)  # every evaluation needs all of them
def _series(
    recurrence: str, starts_at: datetime, ends_at: datetime, duration: timedelta, time_zone: str
) -> tuple[Window, ...]:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"“{time_zone}” is not a time zone.") from None
    first, last = (moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in (starts_at, ends_at))
    begins = occurrences(recurrence, first, last)
    return tuple(_merged(window_of(begin, duration, zone) for begin in begins))


def _merged(found: Iterable[Window]) -> list[Window]:
    merged: list[Window] = []
    for window in found:
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def _cut(window: Window, cancelled_at: datetime | None) -> Window | None:
    if cancelled_at is None or cancelled_at >= window.end:
        return window
    return Window(window.start, cancelled_at) if cancelled_at > window.start else None
