"""The timeline of one instance: its readings, the lines they are compared with, and the bands of its states."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.authoring.points import Point, points_of, thin
from rules.backtesting.spec import watch_of
from rules.models import ActivityEntry, RuleState

DAYS = (1, 7, 30)
LINES = ("threshold", "critical", "recovery")


@dataclass(frozen=True, slots=True)
class Band:
    """A time that an instance spent in one condition; without an end it still does."""

    condition: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened to an instance between two times; `problem` says why there are no readings."""

    start: datetime
    end: datetime
    points: list[Point]
    in_steps: bool
    bands: list[Band]
    lines: dict[str, float]
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """What a chart is drawn of; times are milliseconds."""
        return {
            "start": _ms(self.start), "end": _ms(self.end), "steps": self.in_steps, "lines": self.lines,
            "points": [[_ms(time), value] for time, value in self.points],
            "bands": [[band.condition, _ms(band.start), _ms(band.end or self.end)] for band in self.bands],
        }  # fmt: skip


def timeline_of(state: RuleState, days: int, now: datetime) -> Timeline:
    """What happened to `state` in the last `days` before `now`."""
    start, rule = now - timedelta(days=days), state.rule
    levels = [rule.threshold_value, rule.critical_threshold, rule.recovery_threshold]
    points: list[Point] = []
    in_steps, problem = False, ""
    try:
        points, in_steps = points_of(watch_of(rule), state.user_id, start, now)
    except ValueError as error:
        problem = str(error)
    return Timeline(
        start=start,
        end=now,
        points=thin(points),
        in_steps=in_steps,
        bands=bands_of(state, start, now),
        lines={name: float(level) for name, level in zip(LINES, levels, strict=True) if level is not None},
        problem=problem,
    )


def bands_of(state: RuleState, start: datetime, now: datetime) -> list[Band]:
    """The conditions of `state` from `start` to `now`, as its entries have them."""
    entries = ActivityEntry.objects.filter(state=state.pk, created_at__gt=start, created_at__lte=now)
    steps = [
        (at, context["from"], context["to"])
        for at, context in entries.order_by("created_at").values_list("created_at", "context")
        if isinstance(context, dict) and {"from", "to"} <= context.keys() and context["from"] != context["to"]
    ]
    if not steps:
        return [Band(state.condition, max(start, state.since), None)]
    edges = [start, *(at for at, _, _ in steps)]
    conditions = [steps[0][1], *(to for _, _, to in steps)]
    ends: list[datetime | None] = [*edges[1:], None]
    return [Band(*band) for band in zip(conditions, edges, ends, strict=True)]


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
