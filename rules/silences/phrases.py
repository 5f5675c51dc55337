"""The times of a silence in words, in the reader's time zone; and its state."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from rules.models import Silence
from rules.silences.lifecycle import is_over
from rules.silences.windows import Window, is_on
from smartagent.kernel.durations import format_duration

PRESETS = {
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "Monday to Friday",
    "FREQ=WEEKLY;BYDAY=SA,SU": "Saturday and Sunday",
    "FREQ=WEEKLY": "every week",
}
SILENCE_STATE_LABELS = {"on": "active", "coming": "upcoming", "over": "ended"}


def state_of(silence: Silence, now: datetime) -> str:
    """on, coming or over."""
    if is_over(silence, now):
        return "over"
    try:
        return "on" if is_on(silence, now) else "coming"
    except (ValueError, OverflowError):  # written by another hand: it is never on
        return "coming"


def when_in_words(silence: Silence) -> str:
    """`2 Mar 2026, 10:00 – 14:00`; `Monday to Friday from 22:00 for 8h (Europe/Berlin), 2 Mar – 30 Mar 2026`."""
    if not silence.recurrence:
        return window_in_words(Window(silence.starts_at, silence.ends_at))
    zone = zone_of(silence)
    first, last = (moment.astimezone(zone) for moment in (silence.starts_at, silence.ends_at))
    often = PRESETS.get(silence.recurrence, silence.recurrence)
    if silence.recurrence == "FREQ=WEEKLY":
        often = f"every {first:%A}"
    lasts = f" for {format_duration(silence.duration)}" if silence.duration else ""
    begins = "" if "BYHOUR" in silence.recurrence else f" from {first:%H:%M}"
    return f"{often}{begins}{lasts} ({silence.time_zone}), {first.day} {first:%b %Y} – {last.day} {last:%b %Y}"


def window_in_words(window: Window) -> str:
    """`2 Mar 2026, 22:00 – 3 Mar 2026, 06:00`, in the zone that is active."""
    start, end = timezone.localtime(window.start), timezone.localtime(window.end)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end.day} {end:%b %Y, %H:%M}"
    return f"{start.day} {start:%b %Y, %H:%M} – {until}"


def zone_of(silence: Silence) -> ZoneInfo:
    """Its zone, or UTC where there is none of that name."""
    try:
        return ZoneInfo(silence.time_zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
