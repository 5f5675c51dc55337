"""Until when something is put off, as a form says it: a length, or a time on the clock of whoever asks."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from rules.instances.handling import check_until, until_of
from smartagent.kernel.times import read_time


def chosen_until(said: QueryDict, now: datetime, zone: ZoneInfo) -> datetime:
    """When what was `said`, by `until` or by `length`, ends; ValueError says what would be right."""
    text = said.get("until", "").strip()
    if not text:
        return until_of(said.get("length", ""), now, zone)
    return check_until(read_time(text, zone), now)
