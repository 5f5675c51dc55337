"""Durations as people write them: `30s`, `5m`, `4h`, `1d 12h`; and `0` for none."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION_SHAPE = re.compile(r"(?:\s*\d+\s*[wdhms])+\s*", re.IGNORECASE | re.ASCII)
PART = re.compile(r"(\d+)\s*([wdhms])", re.IGNORECASE)
MAX_DURATION = timedelta(days=366)
MAX_DURATION_TEXT = 100  # characters


def parse_duration(text: str) -> timedelta:
    """Parse a duration; ValueError, with the valid form, where it is invalid."""
    if len(text) > MAX_DURATION_TEXT:
        raise ValueError(f"“{text[:40]}…” is not a duration. Example: 30m, 4h or 1d 12h; 0 for none.")
    text = text.strip()
    if text in ("", "0"):
        return timedelta(0)
    if not DURATION_SHAPE.fullmatch(text):
        raise ValueError(f"“{text[:40]}” is not a duration. Example: 30m, 4h or 1d 12h; 0 for none.")
    return of_seconds(sum(int(count) * UNITS[unit.lower()] for count, unit in PART.findall(text)), text)


def of_seconds(seconds: float, text: str = "") -> timedelta:
    """Return a duration of `seconds`; ValueError, quoting `text`, beyond the longest one."""
    if not 0 <= seconds <= MAX_DURATION.total_seconds():  # nor for nan
        raise ValueError(f"“{text[:40] or seconds}” is too long. The longest duration is {MAX_DURATION.days} days.")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Return the shortest form of `duration`, in whole seconds: `4h`, `1d 12h`, `0`."""
    rest, parts = int(duration.total_seconds()), []
    for unit, seconds in UNITS.items():
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0"


def length_text(length: timedelta) -> str:
    """A length of time in its two largest units, which do not break: `4 h 12 min`, `under a minute`."""
    minutes = max(0, int(length.total_seconds())) // 60
    if minutes == 0:
        return "under a minute"
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "min")]
    shown = [f"{count}\u00a0{unit}" for count, unit in parts if count]
    return "\u00a0".join(shown[:1] if days >= 10 else shown[:2])


def age_text(age: timedelta) -> str:
    """How long ago something was: `4 h 12 min ago`, `just now`."""
    return "just now" if age < timedelta(minutes=1) else f"{length_text(age)} ago"


class DurationFormField(forms.CharField):
    """A form field for a duration: shows and reads `4h`."""

    def prepare_value(self, value: Any) -> Any:
        return format_duration(value) if isinstance(value, timedelta) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value or ""))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True
