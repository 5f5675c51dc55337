"""The end of a snooze as a form gives it: a duration, or a time in the person's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from rules.instances.handling import check_until, until_of
from smartagent.kernel.times import read_time


def chosen_until(fields: QueryDict, now: datetime, zone: ZoneInfo) -> datetime:
    """The end in the form fields `until` or `length`; ValueError with a hint where it is invalid."""
    text = fields.get("until", "").strip()
    if not text:
        return until_of(fields.get("length", ""), now, zone)
    return check_until(read_time(text, zone), now)
