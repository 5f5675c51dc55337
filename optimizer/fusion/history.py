"""The values of fusion metrics in the last days, from their stored changes."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from rules.models import MetricSample

KIND = "fusion_metric"  # the metric under which they are kept; the target is the name
HISTORY_SPAN = timedelta(days=14)
MAX_SCORES = 500


def histories(person: UUID | None, now: datetime) -> dict[str, tuple[float, ...]]:
    """The values of each metric of the person in the last 14 days, 0 to 1, oldest first."""
    return histories_of([person], now).get(person, {}) if person else {}


def histories_of(people: Collection[UUID], now: datetime) -> dict[UUID, dict[str, tuple[float, ...]]]:
    """The histories of several people, in one statement."""
    found: dict[UUID, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    samples = MetricSample.objects.filter(
        series__user__in=people, series__metric=KIND, observed_at__gt=now - HISTORY_SPAN, observed_at__lte=now
    ).order_by("observed_at")
    for owner, name, value in samples.values_list("series__user", "series__target", "value"):
        found[owner][name].append(value)
    return {
        owner: {name: tuple(values[-MAX_SCORES:]) for name, values in named.items()} for owner, named in found.items()
    }
