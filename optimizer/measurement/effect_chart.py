"""The chart of an effect: readings of the day before and after, the threshold, and when it was applied."""

from datetime import datetime
from typing import Any

from optimizer.measurement.effect import WINDOW
from optimizer.measurement.readings import series_of
from optimizer.models import OptimizationEvent
from rules.backtesting.chart_data import Point, thin
from rules.registries import metrics
from smartagent.kernel.coerce import as_number

MAX_POINTS = 5000


def effect_chart(event: OptimizationEvent, now: datetime) -> dict[str, Any] | None:
    """The data for `instance.js`; None where it was not applied, or no readings were stored."""
    if event.applied_at is None or not event.metric:
        return None
    start, end = event.applied_at - WINDOW, min(event.applied_at + WINDOW, now)
    points = _points(event, start, end)
    if not points:
        return None
    before = event.before if isinstance(event.before, dict) else {}
    limit, applied = as_number(before.get("threshold")), _ms(event.applied_at)
    return {
        "start": _ms(start), "end": _ms(end), "steps": event.metric in metrics, "mark": applied,
        "lines": {} if limit is None else {"threshold": limit},
        "points": [[_ms(at), value] for at, value in points], "bands": [["recovering", applied, _ms(end)]],
    }  # fmt: skip


def _points(event: OptimizationEvent, start: datetime, end: datetime) -> list[Point]:
    """The readings; for a built-in metric, which holds its value, also the values at the start and the end."""
    series = series_of(event.user_id, event.metric, event.target)
    rows = series.filter(observed_at__gt=start, observed_at__lte=end).order_by("observed_at")
    found: list[Point] = list(rows.values_list("observed_at", "value")[:MAX_POINTS])
    if event.metric in metrics:
        earlier = series.filter(observed_at__lte=start).order_by("-observed_at").values_list("value", flat=True).first()
        found = [*([(start, earlier)] if earlier is not None else []), *found]
        found = [*found, (end, found[-1][1])] if found else []
    return thin(found)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
