"""Until when something is put off, as a form says it: a length, or a time on the clock of whoever asks."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from rules.handling import check_until, until_of


def until_said(said: QueryDict, now: datetime, zone: ZoneInfo) -> datetime:
    """When what was `said`, by `until` or by `length`, ends; ValueError says what would be right."""
    text = said.get("until", "").strip()
    if not text:
        return until_of(said.get("length", ""), now, zone)
    try:
        at = parse_datetime(text)
    except ValueError:  # of the right shape, but no time
        at = None
    if at is None:
        raise ValueError(f"“{text[:40]}” is not a time. Write for example 2026-03-02 14:30.")
    return check_until(at if at.tzinfo else at.replace(tzinfo=zone), now)
