"""The status of an integration over time: its stored health, as bands."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.instances.bands import Band, time_spent
from rules.instances.strips import Segment, segments_of
from rules.metrics.history import changes_of
from rules.models import Integration
from smartagent.dashboard.subject.subject import HEALTH

MAX_STATUSES = 2000
STATUS_BY_HEALTH = {100: "active", 75: "syncing", 50: "inactive", 25: "error"}  # by the health that stands for them


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusHistory:
    """The status of a period, as bands, as segments of a strip, and in words."""

    start: datetime
    end: datetime
    bands: list[Band]
    segments: list[Segment]
    spent: list[tuple[str, str]]

    @property
    def words(self) -> str:
        """`active 23 h 10 min, error 50 min`; empty without bands."""
        return ", ".join(f"{status} {time}" for status, time in self.spent)

    @property
    def last_error(self) -> Band | None:
        """The last time of the period in which it was in error."""
        return next((band for band in reversed(self.bands) if band.condition == "error"), None)


def status_history(integration: Integration, days: int, now: datetime) -> StatusHistory:
    """The status of the last `days`, as evaluations saw it; without bands before the first of them."""
    start = now - timedelta(days=days)
    key = (integration.user_id, HEALTH, integration.integration_type)
    bands = bands_of_health(changes_of(key, start, now, MAX_STATUSES), start)
    return StatusHistory(
        start=start, end=now, bands=bands, segments=segments_of(bands, start, now), spent=time_spent(bands, now)
    )


def bands_of_health(changes: list[tuple[datetime, float]], start: datetime) -> list[Band]:
    """The bands of a series of health; what was measured before `start` counts from there."""
    if not changes:
        return []
    edges = [max(at, start) for at, _ in changes]
    ends: list[datetime | None] = [*edges[1:], None]
    statuses = [STATUS_BY_HEALTH.get(round(value), "inactive") for _, value in changes]
    return [Band(*band) for band in zip(statuses, edges, ends, strict=True)]
