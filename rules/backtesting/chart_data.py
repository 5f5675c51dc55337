"""A chart: its points, thinned to a few hundred that keep the extremes, and how to draw them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Point = tuple[datetime, float | None]
UsualPoint = tuple[datetime, float | None, float | None]  # time, median and deviation from then on
MAX_CHART_POINTS = 600


@dataclass(frozen=True, slots=True)
class ChartData:
    """The points of a chart, and whether to draw them as steps: a built-in metric holds its value until the next
    reading. `usual` is what is usual in each hour, where the condition is on the distance from it. `period` is the
    length of the roll-ups that they are made of, as `note` says; None where they are made of the readings."""

    points: list[Point] = field(default_factory=list)
    in_steps: bool = False
    usual: list[UsualPoint] = field(default_factory=list)
    period: timedelta | None = None
    note: str = ""

    def usual_as_json(self) -> list[Any]:
        """What is usual; times are milliseconds."""
        return [[int(at.timestamp() * 1000), median, deviation] for at, median, deviation in self.usual]


def thin(points: Sequence[Point], maximum: int = MAX_CHART_POINTS) -> list[Point]:
    """At most `maximum` of `points`: the first, last, lowest and highest of each stretch of time."""
    if len(points) <= maximum:
        return list(points)
    begin, length = points[0][0], (points[-1][0] - points[0][0]) / (maximum // 5)
    buckets: dict[int, list[Point]] = {}
    for point in points:
        buckets.setdefault(min(int((point[0] - begin) / length), maximum // 5 - 1), []).append(point)
    kept: list[Point] = []
    for bucket in buckets.values():
        known = [point for point in bucket if point[1] is not None] or bucket[:1]
        extremes = (min(known, key=_value), max(known, key=_value))
        gap = [point for point in bucket if point[1] is None][:1]
        kept += sorted({bucket[0], bucket[-1], *extremes, *gap}, key=lambda point: point[0])[:5]
    return kept


def _value(point: Point) -> float:
    return point[1] or 0.0


def with_gaps(points: Sequence[Point], max_age: timedelta | None) -> list[Point]:
    """The points, with one without a value where the next one comes later than `max_age`."""
    found: list[Point] = []
    for time, value in points:
        if found and max_age and time - found[-1][0] > max_age:
            found.append((found[-1][0] + max_age, None))
        found.append((time, value))
    return found
