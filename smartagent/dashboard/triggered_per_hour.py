"""How often rules triggered in each of the last 24 hours, as a chart and as words."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from rules.models.querysets import ActivityQuerySet

HOURS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day, oldest first, and how often rules triggered in each."""

    labels: list[str]
    counts: list[int]

    @property
    def chart(self) -> str:
        """The data for Chart.js, in the primary colour, which fits both themes."""
        bars = {"label": "Triggered", "data": self.counts, "backgroundColor": "var(--color-primary-500)"}
        return json.dumps({"labels": self.labels, "datasets": [bars]})

    @property
    def words(self) -> str:
        """The same for who does not see the chart."""
        if not any(self.counts):
            return "Nothing triggered in the last 24 hours."
        top = max(self.counts)
        return f"{sum(self.counts):,} in the last 24 hours, peak: {top:,} at {self.labels[self.counts.index(top)]}."

    @property
    def rows(self) -> list[tuple[str, int]]:
        """Hour by hour, as a table; only those in which something happened."""
        return [(label, count) for label, count in zip(self.labels, self.counts, strict=True) if count]


def per_hour(entries: ActivityQuerySet, now: datetime) -> Hours:
    """Count the entries into firing and the repeats among `entries`, in the hours of whoever looks."""
    # Hours begin where they do in the zone: in Kolkata at half past those of UTC.
    first = timezone.localtime(now - timedelta(hours=HOURS_SHOWN - 1)).replace(minute=0, second=0, microsecond=0)
    hours = [first.astimezone(UTC) + timedelta(hours=number) for number in range(HOURS_SHOWN)]
    day = entries.since(first).triggered().order_by()
    rows = day.values(hour=TruncHour("created_at")).annotate(times=Count("pk"))
    found = {row["hour"]: row["times"] for row in rows}
    return Hours([f"{timezone.localtime(hour):%H:%M}" for hour in hours], [found.get(hour, 0) for hour in hours])
