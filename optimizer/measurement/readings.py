"""The readings of a metric in a window: pushed samples as they are, built-in metrics once per evaluation.

Of a built-in metric only changes are stored, so its value at an evaluation is that of the last change before it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from rules.engine.intervals import evaluation_interval
from rules.models import MetricSample
from rules.registries import metrics

MAX_READINGS = 2000
OBSERVED_EVERY = timedelta(hours=1)


def readings_of(person: UUID | None, metric: str, target: str, start: datetime, end: datetime) -> list[float]:
    """The values after `start` up to `end`, oldest first; the newest 2,000 where there are more."""
    series = series_of(person, metric, target)
    within = list(
        series.filter(observed_at__gt=start, observed_at__lte=end)
        .order_by("-observed_at")
        .values_list("observed_at", "value")[:MAX_READINGS]
    )[::-1]
    if metric not in metrics:
        return [value for _, value in within]
    earlier = series.filter(Q(observed_at__lte=start)).order_by("-observed_at").values_list("observed_at", "value")[:1]
    return [*_held([*earlier, *within], start, end)][-MAX_READINGS:]


def observations(metric: str, readings: Sequence[float]) -> Sequence[float]:
    """The readings that a test may treat as independent: of a pushed metric all; of a built-in one, which holds its
    value between evaluations, one an hour: 288 readings of an hourly index are 24 observations."""
    if metric not in metrics:
        return readings
    return readings[:: max(OBSERVED_EVERY // evaluation_interval(), 1)]


def series_of(person: UUID | None, metric: str, target: str) -> QuerySet[MetricSample]:
    """The person's own series, else the platform-wide one; of the target, else of all targets."""
    whole = [(owner, part) for part in dict.fromkeys([target, ""]) for owner in dict.fromkeys([person, None])]
    found = [MetricSample.objects.of(owner, metric, part) for owner, part in whole]
    return next((series for series in found if series.exists()), found[0])


def _held(changes: list[tuple[datetime, float]], start: datetime, end: datetime) -> Iterator[float]:
    """The value at each evaluation of a metric that holds its value until it changes."""
    interval = evaluation_interval()
    moment, place, value = start + interval, 0, None
    while moment <= end:
        while place < len(changes) and changes[place][0] <= moment:
            value, place = changes[place][1], place + 1
        if value is not None:
            yield value
        moment += interval
