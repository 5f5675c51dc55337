"""The timeline of one instance: readings, thresholds and states over time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.backtesting.chart_points import Point, points_of, thin
from rules.backtesting.inputs import watch_of
from rules.instances.bands import Band, bands_of
from rules.models import AutomationRule, RuleState
from rules.text.phrases import number

THRESHOLD_LINES = ("threshold", "critical", "recovery")


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
    """The timeline of `state` from `start` to `end`, with the thresholds of `rule` at that time.

    An instance that is not saved was always ok, and has no bands.
    """
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
        bands=[] if state._state.adding else bands_of([state], start, end)[state.pk],
        lines={name: float(level) for name, level in zip(THRESHOLD_LINES, levels, strict=True) if level is not None},
        problem=problem,
    )


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
