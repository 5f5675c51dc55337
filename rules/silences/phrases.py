"""The times and the state of a silence in words, in the reader's time zone."""

import calendar
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from rules.models import Silence
from rules.silences.lifecycle import is_over
from rules.silences.recurrence import WEEKDAY_CODES
from rules.silences.windows import Window, is_on
from smartagent.kernel.durations import format_duration

PRESETS = {
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "Monday to Friday",
    "FREQ=WEEKLY;BYDAY=SA,SU": "Saturday and Sunday",
    "FREQ=WEEKLY": "every week",
}
ON_WEEKDAYS = re.compile(r"FREQ=WEEKLY;BYDAY=([A-Z]{2}(?:,[A-Z]{2})*)")
WEEKDAY_NAMES = dict(zip(WEEKDAY_CODES, calendar.day_name, strict=True))
SILENCE_STATE_LABELS = {"on": "active", "coming": "upcoming", "over": "ended"}


def state_of(silence: Silence, now: datetime) -> str:
    """`on`, `coming` or `over`."""
    if is_over(silence, now):
        return "over"
    try:
        return "on" if is_on(silence, now) else "coming"
    except (ValueError, OverflowError):  # the recurrence was written by another program and is invalid: never active
        return "coming"


def silence_in_words(silence: Silence) -> str:
    """When it mutes, in the reader's time zone or its own: `2 Mar 2026, 10:00 – 14:00.`"""
    return f"{when_in_words(silence)}."


def when_in_words(silence: Silence) -> str:
    """`2 Mar 2026, 10:00 – 14:00`; `Monday to Friday from 22:00 for 8h (Europe/Berlin), 2 Mar – 30 Mar 2026`."""
    if not silence.recurrence:
        return window_in_words(Window(silence.starts_at, silence.ends_at))
    zone = zone_of(silence)
    first, last = (moment.astimezone(zone) for moment in (silence.starts_at, silence.ends_at))
    often = f"every {first:%A}" if silence.recurrence == "FREQ=WEEKLY" else _often(silence.recurrence)
    lasts = f" for {format_duration(silence.duration)}" if silence.duration else ""
    begins = "" if "BYHOUR" in silence.recurrence else f" from {first:%H:%M}"
    return f"{often}{begins}{lasts} ({silence.time_zone}), {first.day} {first:%b %Y} – {last.day} {last:%b %Y}"


def _often(recurrence: str) -> str:
    """`Monday to Friday`, `every Sunday and Wednesday`; else the recurrence rule itself."""
    named = ON_WEEKDAYS.fullmatch(recurrence)
    if recurrence in PRESETS or not named:
        return PRESETS.get(recurrence, recurrence)
    return f"every {' and '.join(WEEKDAY_NAMES[code] for code in named[1].split(','))}"


def window_in_words(window: Window) -> str:
    """`2 Mar 2026, 22:00 – 3 Mar 2026, 06:00`, in the active time zone."""
    start, end = timezone.localtime(window.start), timezone.localtime(window.end)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end.day} {end:%b %Y, %H:%M}"
    return f"{start.day} {start:%b %Y, %H:%M} – {until}"


def zone_of(silence: Silence) -> ZoneInfo:
    """The silence's time zone; UTC where the name is unknown."""
    try:
        return ZoneInfo(silence.time_zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
