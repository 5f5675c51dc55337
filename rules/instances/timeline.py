"""The timeline of one instance: readings, thresholds and states over time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.backtesting.chart_points import Point, points_of, thin
from rules.backtesting.inputs import watch_of
from rules.models import ActivityEntry, AutomationRule, RuleState
from rules.text.phrases import number

MAX_ENTRIES_SEARCHED = 20  # entries in which a change of the condition is looked for
THRESHOLD_LINES = ("threshold", "critical", "recovery")


@dataclass(frozen=True, slots=True)
class Band:
    """A time that an instance spent in one state; `end` is None where it still does."""

    condition: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The timeline of an instance between two times; `problem` says why there are no readings."""

    start: datetime
    end: datetime
    points: list[Point]
    in_steps: bool
    bands: list[Band]
    lines: dict[str, float]
    problem: str = ""

    @property
    def values(self) -> str:
        """The readings in words; empty where there are none."""
        values = [value for _, value in self.points if value is not None]
        if not values:
            return ""
        return f"from {number(min(values))} to {number(max(values))}, latest {number(values[-1])}"

    def as_json(self) -> dict[str, Any]:
        """The data of the chart; times are milliseconds."""
        return {
            "start": _ms(self.start), "end": _ms(self.end), "steps": self.in_steps, "lines": self.lines,
            "points": [[_ms(time), value] for time, value in self.points],
            "bands": [[band.condition, _ms(band.start), _ms(band.end or self.end)] for band in self.bands],
        }  # fmt: skip


def timeline_of(state: RuleState, rule: AutomationRule, start: datetime, end: datetime) -> Timeline:
    """The timeline of `state` from `start` to `end`, with the thresholds of `rule` at that time."""
    levels = [rule.threshold_value, rule.critical_threshold, rule.recovery_threshold]
    points: list[Point] = []
    in_steps, problem = False, ""
    try:
        points, in_steps = points_of(watch_of(rule), state.user_id, start, end)
    except ValueError as error:
        problem = str(error)
    return Timeline(
        start=start,
        end=end,
        points=thin(points),
        in_steps=in_steps,
        bands=bands_of(state, start, end),
        lines={name: float(level) for name, level in zip(THRESHOLD_LINES, levels, strict=True) if level is not None},
        problem=problem,
    )


def bands_of(state: RuleState, start: datetime, end: datetime) -> list[Band]:
    """The states of the instance from `start` to `end`, from its entries."""
    entries = ActivityEntry.objects.filter(state=state.pk, created_at__gt=start, created_at__lte=end)
    steps = _changes(entries.order_by("created_at"))
    if not steps:
        return _unchanged(state, start, end)
    edges = [start, *(at for at, _, _ in steps)]
    conditions = [steps[0][1], *(to for _, _, to in steps)]
    ends: list[datetime | None] = [*edges[1:], None]
    return [Band(*band) for band in zip(conditions, edges, ends, strict=True)]


def _unchanged(state: RuleState, start: datetime, end: datetime) -> list[Band]:
    """The one state of a time without a transition: that before the next transition, else the present one."""
    later = ActivityEntry.objects.filter(state=state.pk, created_at__gt=end).order_by("created_at")
    if steps := _changes(later[:MAX_ENTRIES_SEARCHED]):
        return [Band(steps[0][1], start, None)]
    return [Band(state.condition, min(max(start, state.since), end), None)]


def _changes(entries: Any) -> list[tuple[datetime, str, str]]:
    return [
        (at, context["from"], context["to"])
        for at, context in entries.values_list("created_at", "context")
        if isinstance(context, dict) and {"from", "to"} <= context.keys() and context["from"] != context["to"]
    ]


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
