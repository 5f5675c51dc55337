"""Parsing of times, to UTC, within the years 1 to 9999."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from smartagent.kernel.texts import encodable

MAX_TIME_TEXT = 60
TIME_EXAMPLE = "2026-03-02T10:00:00Z"
FIRST_YEAR, LAST_YEAR = 1900, 2999
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
FRACTION = re.compile(r"(\.\d{6})\d+")


def read_time(text: object, zone: tzinfo | None = None) -> datetime:
    """Return the time in an ISO 8601 text, in UTC; ValueError where it is invalid. Without a zone it is in `zone`, or
    an error where that is None."""
    if not isinstance(text, str) or len(text) > MAX_TIME_TEXT:
        raise ValueError(f"Invalid time. Example: {TIME_EXAMPLE}.")
    try:
        found = datetime.fromisoformat(FRACTION.sub(r"\1", text.strip()))
    except ValueError:
        raise ValueError(f"“{encodable(text[:40])}” is not a time. Example: {TIME_EXAMPLE}.") from None
    if found.tzinfo is None:
        if zone is None:
            raise ValueError(f"Include a time zone, for example {TIME_EXAMPLE}.")
        found = found.replace(tzinfo=zone)
    return in_utc(found)


def in_utc(time: datetime) -> datetime:
    """Return `time` in UTC, since PostgreSQL rejects offsets of 16 hours; ValueError beyond the years of UTC."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("This time is outside the years 1 to 9999. Example: " + TIME_EXAMPLE + ".") from None


def counted_with(time: datetime) -> datetime:
    """Return `time` where adding durations cannot overflow; ValueError where it is implausible."""
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"This time is outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return time


class TimeInput(forms.DateTimeField):
    """A form field for a time, in the zone of whoever looks where it names none."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return read_time(value, timezone.get_current_timezone())
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None
