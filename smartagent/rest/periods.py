"""Periods by name, for filters: the last hours and days, today and yesterday."""

from datetime import datetime, timedelta

from django.utils import timezone

LENGTHS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
LENGTH_LABELS = [("1h", "the last hour"), ("24h", "the last 24 hours"), ("7d", "the last 7 days"),
                 ("30d", "the last 30 days")]  # fmt: skip
PERIOD_LABELS = [*LENGTH_LABELS, ("today", "today"), ("yesterday", "yesterday")]


def period(name: str, now: datetime) -> tuple[datetime, datetime | None]:
    """From when until when the period is; without end it goes on. Days are those of the current time zone."""
    if length := LENGTHS.get(name):
        return now - length, None
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (today, None) if name == "today" else (today - timedelta(days=1), today)
